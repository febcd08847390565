/** Operating system: from the dump, and the distribution where the dump says it. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'os-info',
  after: ['stackwalk'],
  run({ processed }) {
    const system = processed.json_dump?.system_info ?? {};
    const lsb = processed.json_dump?.['lsb_release'];
    return {
      os_name: (system.os ?? '').trim() || 'Unknown',
      os_version: (system.os_ver ?? '').trim(),
      ...(lsb ? { lsb_release: lsb } : {}),
    };
  },
});
