/** Tables of code and name, packed: a name each word, `code:` in hex before the first of a run of consecutive codes. */
export function unpackNames(prefix: string, packed: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  let code = 0;
  for (const word of packed.trim().split(/\s+/)) {
    const colon = word.indexOf(':');
    if (colon > 0) code = Number.parseInt(word.slice(0, colon), 16);
    const name = word.slice(colon + 1);
    names.set(code, name.startsWith('=') ? name.slice(1) : prefix + name);
    code += 1;
  }
  return names;
}
