/** Header values of the form `type; name=value; name="quoted value"`, as Content-Type and Content-Disposition have them. */

export interface HeaderValue {
  /** What stands before the first `;`, lower case. */
  readonly value: string;
  /** By lower-case name; the first of equal names counts. `name*` is decoded and takes the place of `name`. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /;[ \t]*([^\s;="]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|([^;]*))/g;
const ESCAPED = /\\(["\\])/g;
const EXTENDED = /^([A-Za-z0-9_-]+)'[^']*'([\s\S]*)$/;

/**
 * A backslash escapes only `"` and `\`: Internet Explorer sends whole paths, `filename="C:\dumps\a.dmp"`.
 * Test: multipart.test.ts "quoted names".
 */
const unquote = (text: string): string => (text.includes('\\') ? text.replace(ESCAPED, '$1') : text);

/** RFC 8187 `charset'language'percent-encoded`; undefined when it is not that. */
function decodeExtended(text: string): string | undefined {
  const match = EXTENDED.exec(text);
  if (!match) return undefined;
  const bytes = Buffer.from(
    (match[2] as string).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
  try {
    return new TextDecoder(match[1], { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function parseHeaderValue(text: string): HeaderValue {
  const semicolon = text.indexOf(';');
  const value = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  if (semicolon < 0) return { value, parameters };
  for (const match of text.slice(semicolon).matchAll(PARAMETER)) {
    const name = (match[1] as string).toLowerCase();
    const raw = match[2] === undefined ? (match[3] ?? '').trim() : unquote(match[2]);
    if (name.endsWith('*')) {
      const decoded = decodeExtended(raw);
      if (decoded !== undefined) parameters.set(name.slice(0, -1), decoded);
    } else if (!parameters.has(name)) parameters.set(name, raw);
  }
  return { value, parameters };
}
