/** Fills from annotations what the dump did not say: crashes without a dump still have a platform. */
import { annotation } from '../annotations.ts';
import { defineRule } from '../rule.ts';

/** Field, what counts as not known, annotations. */
const SOURCES: readonly (readonly [string, string, readonly string[]])[] = [
  ['cpu_arch', 'unknown', ['CPUArchitecture', 'arch']],
  ['cpu_info', 'unknown', ['CPUInfo']],
  ['os_name', 'Unknown', ['OS', 'plat', 'platform']],
  ['os_version', '', ['OSVersion', 'os_version']],
];

export default defineRule({
  name: 'platform-info',
  after: ['android-info'],
  run({ raw, processed }) {
    const patch: Record<string, unknown> = {};
    for (const [field, unknown, names] of SOURCES) {
      const known = processed[field];
      const sent = annotation(raw, ...names)?.trim();
      if (sent && (!known || known === unknown)) patch[field] = sent;
    }
    return patch;
  },
});
