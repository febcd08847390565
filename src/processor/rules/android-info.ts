/** Android says Linux in its dumps; its annotations know better. */
import { annotation } from '../annotations.ts';
import { defineRule, type Patch } from '../rule.ts';

const ARCH: Readonly<Record<string, string>> = {
  'armeabi-v7a': 'arm',
  'arm64-v8a': 'arm64',
  x86_64: 'amd64',
};

export default defineRule({
  name: 'android-info',
  after: ['cpu-info', 'os-info'],
  when: ({ raw }) =>
    annotation(raw, 'Android_Version') !== undefined || annotation(raw, 'Android_CPU_ABI') !== undefined,
  run({ raw, processed }): Patch {
    const abi = annotation(raw, 'Android_CPU_ABI')?.trim();
    const version = annotation(raw, 'Android_Version')?.trim().split(/\s+/)[0] ?? '';
    const isUnknown = ['unknown', 'android', 'linux'].includes(String(processed['os_name']).toLowerCase());
    return {
      ...(abi && processed['cpu_arch'] === 'unknown' ? { cpu_arch: ARCH[abi] ?? abi } : {}),
      ...(version && isUnknown
        ? { os_name: 'Android', ...(/^\d+$/.test(version) ? { os_version: version } : {}) }
        : {}),
    };
  },
});
