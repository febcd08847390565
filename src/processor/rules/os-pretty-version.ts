/** Operating system and version as people call it. */
import { annotation } from '../annotations.ts';
import { defineRule } from '../rule.ts';

const WINDOWS: Readonly<Record<string, string>> = {
  '3.5': 'Windows NT',
  '4.0': 'Windows NT',
  '4.1': 'Windows 98',
  '4.9': 'Windows Me',
  '5.0': 'Windows 2000',
  '5.1': 'Windows XP',
  '5.2': 'Windows Server 2003',
  '6.0': 'Windows Vista',
  '6.1': 'Windows 7',
  '6.2': 'Windows 8',
  '6.3': 'Windows 8.1',
  '10.0': 'Windows 10',
};
/** The first build of Windows 11; its version still says 10.0. */
const WINDOWS_11_BUILD = 21996;

function windows(major: number, minor: number, version: string): string {
  const name = WINDOWS[`${major}.${minor}`] ?? 'Windows Unknown';
  // Socorro compares the version as text, so that 10.0.9200 counts as Windows 11; we compare the build number.
  const build = Number(/^\d+\.\d+\.(\d+)/.exec(version)?.[1] ?? 0);
  return name === 'Windows 10' && build >= WINDOWS_11_BUILD ? 'Windows 11' : name;
}

function mac(major: number, minor: number): string {
  if (major >= 11) return `macOS ${major}`;
  return major === 10 ? `OS X 10.${minor}` : 'OS X Unknown';
}

function descriptionOf(lsb: unknown): string | undefined {
  const description = (lsb as { description?: unknown } | undefined)?.description;
  return typeof description === 'string' && description ? description : undefined;
}

export default defineRule({
  name: 'os-pretty-version',
  after: ['platform-info'],
  run({ raw, processed }) {
    const name = String(processed['os_name'] ?? '');
    const version = String(processed['os_version'] ?? '');
    if (name === 'Linux') {
      const distribution =
        descriptionOf(processed['lsb_release']) ?? annotation(raw, 'LinuxLSBDescription', 'lsb-release');
      return { os_pretty_version: distribution || 'Linux' };
    }
    const match = /^(\d+)\.(\d+)/.exec(version);
    if (name === 'Android') return { os_pretty_version: `Android ${version}`.trim() };
    if (!match) return { os_pretty_version: name };
    const [major, minor] = [Number(match[1]), Number(match[2])];
    if (name.startsWith('Windows')) return { os_pretty_version: windows(major, minor, version) };
    if (name === 'Mac OS X' || name === 'macOS') return { os_pretty_version: mac(major, minor) };
    return { os_pretty_version: name };
  },
});
