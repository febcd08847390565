/** Reading other people's JSON: what is missing or of another kind is said by its name. */

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new TypeError(`${what} is no object`);
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${what} is no list`);
}

/** Without U+0000, which PostgreSQL does not keep. */
export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value.replaceAll('\u0000', '');
  throw new TypeError(`${what} is no text`);
}

/** Empty when it is null or missing. */
export const textOrEmpty = (value: unknown, what: string): string =>
  value === null || value === undefined ? '' : textOf(value, what);

/** A number or text that stands for a thing. */
export function idOf(value: unknown, what: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${what} is no id`);
}

/** Any ISO time as ours: UTC, milliseconds. */
export function timeOf(value: unknown, what: string): string {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new TypeError(`${what} is no time`);
  return new Date(time).toISOString();
}

/** A web address; anything else would become a link on our pages. */
export function linkOf(value: unknown, what: string): string {
  if (typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))
    return value;
  throw new TypeError(`${what} is no web address`);
}
