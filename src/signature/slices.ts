/**
 * Collapses what stands between brackets in a function's name. One left-to-right scan with a counter; a
 * closing bracket that closes nothing is an ordinary character, an opening one that is never closed reaches
 * to the end. Names are hostile input of any length: every function here is linear.
 */
import { collapseTraits } from './collapse-traits.ts';

/** `[start, end)` of each outermost pair, brackets included. */
export function enclosedSlices(text: string, open: string, close: string): (readonly [number, number])[] {
  const slices: (readonly [number, number])[] = [];
  let at = text.indexOf(open);
  while (at >= 0) {
    const end = sliceEnd(text, open, close, at);
    slices.push([at, end]);
    at = text.indexOf(open, end);
  }
  return slices;
}

function sliceEnd(text: string, open: string, close: string, start: number): number {
  const opening = open.charCodeAt(0);
  const closing = close.charCodeAt(0);
  let level = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === opening) level++;
    else if (code === closing && --level === 0) return i + 1;
  }
  return text.length;
}

/** `before` is only the text since the previous slice: `operator` far to the left does not count. */
function replaceSlices(
  text: string,
  open: string,
  close: string,
  replacement: (before: string, inside: string) => string,
): string {
  const slices = enclosedSlices(text, open, close);
  if (slices.length === 0) return text;
  const parts: string[] = [];
  let previous = 0;
  for (const [start, end] of slices) {
    const before = text.slice(previous, start);
    parts.push(before, replacement(before, text.slice(start, end)));
    previous = end;
  }
  parts.push(text.slice(previous));
  return parts.join('');
}

/** `Foo<Bar<int>>::baz<char>` → `Foo<T>::baz<T>`. */
export function collapseTypes(name: string): string {
  if (name.includes('IPC::ParamTraits<')) return collapseTraits(name);
  return replaceSlices(name, '<', '>', (before, inside) => {
    if (inside === '<name omitted>' || inside.includes(' as ') || inside.includes(' in ')) return inside;
    return before.endsWith('operator') ? inside : '<T>';
  });
}

/** As `collapseTypes`, for Rust: only `<X as Trait>` stays. */
export const collapseRustTypes = (name: string): string =>
  replaceSlices(name, '<', '>', (_before, inside) => (inside.includes(' as ') ? inside : '<T>'));

/** `foo(int)` → `foo`; `(anonymous namespace)` and `operator()` stay. */
export const collapseArguments = (name: string): string =>
  replaceSlices(name, '(', ')', (before, inside) =>
    inside === '(anonymous namespace)' || before.endsWith('operator') ? inside : '',
  );

/** `foo(int)` → `foo`, with no exception. */
export const dropArguments = (name: string): string => replaceSlices(name, '(', ')', () => '');

/** `foo [clone .cold.1]` → `foo `. */
export const dropSquareBrackets = (name: string): string => replaceSlices(name, '[', ']', () => '');
