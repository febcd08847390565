import type { CrashData, CrashDataFrame } from '../../src/signature/crash-data.ts';

/**
 * A frame in one line: `function`, `function < file` or `function < file:12`, `[module]`, `@0x1234`.
 * `file` is what the symbols say, so that `.rs` behind a `/` makes it a Rust function.
 */
function frame(text: string): CrashDataFrame {
  if (text.startsWith('[') && text.endsWith(']'))
    return { module: text.slice(1, -1), offset: '0x7f0012345678' };
  if (text.startsWith('@')) return { offset: text.slice(1) };
  const [name = '', place] = text.split(' < ');
  const [file, line] = place?.split(/:(?=\d+$)/) ?? [];
  return { function: name, ...(file && { file }), ...(line && { line: Number(line) }), module: 'app' };
}

/** One frame a line, innermost first. */
export const stack = (text: string, os = 'Linux'): CrashData => ({
  crashing_thread: 0,
  os,
  threads: [
    {
      frames: text
        .trim()
        .split('\n')
        .map((line) => frame(line.trim())),
    },
  ],
});
