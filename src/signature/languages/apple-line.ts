/** A line of the crash reports of macOS and iOS, where Swift, Objective-C and C++ stand in one stack. */
import type { CrashDataFrame } from '../crash-data.ts';
import { frameOf } from './language.ts';

function languageOf(name: string): string {
  if (/^(?:_{2,3}\d+)?[-+]\[/.test(name)) return 'objective-c';
  return name.includes('::') ? 'c++' : 'swift';
}

/** `3   App   0x0000000100abc1 App.View.tap(at:) + 123 (View.swift:12)` */
export function readAppleLine(line: string): CrashDataFrame | undefined {
  const [, module, rest] = /^\d+\s+(\S.*?)\s+0x[0-9a-f]{8,}\s+(\S.*)$/.exec(line) ?? [];
  const [, name, file, at] =
    /^(.*?)(?: \(in [^()]+\))?(?: \+ \d+)?(?: \(([^()]+?):(\d+)\))?(?: \[inlined\])?$/.exec(rest ?? '') ?? [];
  if (!name) return undefined;
  return { ...frameOf({ name, file, line: at, module }), language: languageOf(name) };
}
