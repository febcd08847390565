/** The streams that hold a few values each: misc info, Breakpad's own, Linux's copies of /proc and /etc files. */
import { type DumpFile, decodeUtf16, type Location } from './bytes.ts';
import type { AssertionData, MiscData } from './data.ts';

const MAX_PROC_BYTES = 1024 * 1024;

export function readMisc(file: DumpFile, at: Location): MiscData {
  const view = file.view(at.rva, 24, 'misc info');
  const flags = view.u32(4);
  const times = (flags & 2) !== 0;
  return {
    pid: (flags & 1) !== 0 ? view.u32(8) : null,
    createTime: times ? view.u32(12) : null,
    userTime: times ? view.u32(16) : null,
    kernelTime: times ? view.u32(20) : null,
  };
}

export interface BreakpadInfo {
  readonly dumpThread: number | undefined;
  readonly requestingThread: number | undefined;
}

export function readBreakpadInfo(file: DumpFile, at: Location): BreakpadInfo {
  const view = file.view(at.rva, 12, 'Breakpad info');
  const validity = view.u32(0);
  return {
    dumpThread: (validity & 1) !== 0 ? view.u32(4) : undefined,
    requestingThread: (validity & 2) !== 0 ? view.u32(8) : undefined,
  };
}

export function readAssertion(file: DumpFile, at: Location): AssertionData {
  const view = file.view(at.rva, 776, 'assertion');
  const text = (index: number): string => decodeUtf16(view.sub(index * 256, 256).bytes, view.endian);
  return { expression: text(0), function: text(1), file: text(2), line: view.u32(768), type: view.u32(772) };
}

/** A file of /proc or /etc as text; what is over the cap is left out. */
export function readProcText(file: DumpFile, at: Location, what: string): string {
  const bytes = file.view(at.rva, Math.min(at.size, MAX_PROC_BYTES), what).bytes;
  file.spend(bytes.length);
  return bytes.toString('utf8');
}

/** `KEY: value` or `KEY="value"` lines; the first of equal keys counts (/proc/cpuinfo has one set for each core). */
export function keyValueLines(text: string, separator: ':' | '='): Record<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(separator);
    if (at <= 0) continue;
    const key = line.slice(0, at).trim();
    if (!entries.has(key))
      entries.set(
        key,
        line
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      );
  }
  return Object.fromEntries(entries);
}
