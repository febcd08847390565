/** Processor: from the dump. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'cpu-info',
  after: ['stackwalk'],
  run({ processed }) {
    const system = processed.json_dump?.system_info ?? {};
    const microcode = system.cpu_microcode_version;
    return {
      cpu_info: system.cpu_info || 'unknown',
      cpu_count: system.cpu_count ?? 0,
      cpu_arch: system.cpu_arch || 'unknown',
      ...(microcode ? { cpu_microcode_version: microcode } : {}),
    };
  },
});
