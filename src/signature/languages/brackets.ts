/** Brackets in names, in one walk: names are the client's, and no regex of ours is to back-track over them. */

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '<': '>', '[': ']', '{': '}' };

/**
 * Replaces each outermost pair of `open` and its closing bracket by what `replace` makes of its inside. `->` closes
 * nothing. A bracket that nothing closes stays.
 */
export function replaceBrackets(
  text: string,
  open: string,
  replace: (inside: string, before: string) => string,
): string {
  const close = CLOSING[open];
  let result = '';
  let done = 0;
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === open) {
      if (depth++ === 0) start = i;
    } else if (
      char === close &&
      depth > 0 &&
      !(close === '>' && text.charAt(i - 1) === '-') &&
      --depth === 0
    ) {
      const before = text.slice(done, start);
      result += before + replace(text.slice(start + 1, i), result + before);
      done = i + 1;
    }
  }
  return result + text.slice(done);
}

/** Parts between `separator` that stands in no bracket. */
export function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (CLOSING[char] !== undefined) depth++;
    else if (')]}'.includes(char) || (char === '>' && text.charAt(i - 1) !== '-'))
      depth = Math.max(0, depth - 1);
    if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      start = i + separator.length;
      i = start - 1;
    }
  }
  return [...parts, text.slice(start)];
}
