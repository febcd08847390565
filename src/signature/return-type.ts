import { PythonError } from './python-values.ts';

/** Closing bracket by opening bracket, as char codes: `()`, `{}`, `[]`, `<>` and `` `' ``. */
const CLOSES = new Map([
  ...['()', '{}', '[]', '<>', "`'"].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)] as const),
]);
const CLOSING = new Set(CLOSES.values());
const SPACE = 0x20;

/**
 * Drops what stands before a function's name: `static void * ns::foo(int)` → `ns::foo(int)`.
 * The text is cut at the spaces outside of brackets and the last piece is the name, joined with the pieces
 * before it as long as it begins with `(` or `[clone`. So `foo(int) volatile` gives `volatile`, and people
 * have bugs filed under that.
 * Throws `PythonError` (IndexError) on the empty string, as the original does.
 */
export function dropPrefixAndReturnType(name: string): string {
  if (name === '') throw new PythonError('IndexError', 'list index out of range');
  const { starts, end } = pieces(name);
  let last = starts.length - 1;
  while (last > 0 && belongsToPrevious(name, starts[last] ?? 0)) last--;
  return name.slice(starts[last], end);
}

const belongsToPrevious = (name: string, at: number): boolean =>
  name.startsWith('(', at) || name.startsWith('[clone', at);

/** Where each piece begins, and where the last one ends: a space at the very end opens no further piece. */
function pieces(name: string): { starts: readonly number[]; end: number } {
  const starts = [0];
  const open: number[] = [];
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    // Letters, digits, `:`, `_`: nearly everything.
    if (code > 0x3e && code < 0x5b) continue;
    const closer = CLOSES.get(code);
    if (closer !== undefined) {
      open.push(closer);
    } else if (open.length === 0) {
      if (code !== SPACE) continue;
      if (i + 1 === name.length) return { starts, end: i };
      starts.push(i + 1);
    } else if (CLOSING.has(code) && open.at(-1) === code) {
      open.pop();
    }
  }
  return { starts, end: name.length };
}
