/**
 * Settings: a convict schema stands beside each component. Keys are `lower_snake`; the key as people set it is
 * `SECTION_KEY`. Values come as text from environment, files and command line and are coerced by their format.
 */
import convict from 'convict';

export type SettingsSchema<T> = convict.Schema<T>;

/** A setting that is missing, unknown or malformed; the message names the key and says what to write. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'invalid';
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1024,
  kib: 1024,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};
const SPANS: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

function quantity(text: unknown, units: Readonly<Record<string, number>>, example: string): number {
  if (typeof text === 'number') return text;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(text));
  const unit = match ? units[(match[2] as string).toLowerCase()] : undefined;
  if (!match || unit === undefined) throw new Error(`must be like ${example}`);
  const value = Math.round(Number(match[1]) * unit);
  if (!Number.isSafeInteger(value)) throw new Error('is too large');
  return value;
}

const checkNumber = (value: unknown): void => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Error('must not be negative');
};

/** `64MB`, `512 KiB`, `1048576`: bytes, powers of 1024. */
convict.addFormat({
  name: 'bytes',
  validate: checkNumber,
  coerce: (v: unknown) => quantity(v, UNITS, '64MB'),
});
/** `250ms`, `30s`, `5m`, `1d`; a bare number is seconds. Inside the program: milliseconds. */
convict.addFormat({
  name: 'duration',
  validate: checkNumber,
  coerce: (v: unknown) => (typeof v === 'number' ? v : quantity(v, SPANS, '30s')),
});
/** `a, b, c`; empty text is the empty list. */
convict.addFormat({
  name: 'list',
  validate: (value: unknown) => {
    if (!Array.isArray(value)) throw new Error('must be a comma-separated list');
  },
  coerce: (v: unknown) =>
    typeof v === 'string'
      ? v
          .split(',')
          .map((s) => s.trim())
          .filter(Boolean)
      : v,
});
/** JSON text. */
convict.addFormat({
  name: 'json',
  validate: () => undefined,
  coerce: (v: unknown) => {
    if (typeof v !== 'string') return v;
    if (v.trim() === '') return null;
    return JSON.parse(v) as unknown;
  },
});
convict.addFormat({
  name: 'name',
  validate: (value: unknown) => {
    if (typeof value !== 'string' || value === '') throw new Error('must be set');
  },
});

const YES = new Set(['true', 'yes', 'on', '1']);
const NO = new Set(['false', 'no', 'off', '0']);
const WHOLE = new Set<unknown>(['int', 'integer', 'nat', 'port']);
const isBoolean = (format: unknown): boolean => format === Boolean || format === 'Boolean';

/** convict takes `no`, `0` and typing errors for true, and `8000x` for 8000: text is checked before it sees it. */
function checkText(format: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (isBoolean(format)) {
    if (YES.has(text.toLowerCase())) return true;
    if (NO.has(text.toLowerCase())) return false;
    throw new Error('must be true or false');
  }
  if (WHOLE.has(format) && !/^[+-]?\d+$/.test(text)) throw new Error('must be a whole number');
  if ((format === Number || format === 'Number') && (text === '' || Number.isNaN(Number(text))))
    throw new Error('must be a number');
  return value;
}

/** Messages quote the value, which is nobody's business when it is a secret. */
function messageOf(cause: unknown, entry: unknown): string {
  if ((entry as { readonly sensitive?: unknown } | undefined)?.sensitive)
    return 'is malformed (it is a secret and not shown)';
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\s*\n\s*/g, '; ');
}

/** The nearest of `known` by edit distance, for "did you mean"; undefined when nothing is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}

/** Keys of a schema as people write them, without the section. */
export const schemaKeys = (schema: object): string[] => Object.keys(schema);

/**
 * Parses text values against a schema. `values` are by schema key; `label(key)` is what people call it.
 * Throws `SettingsError`: unknown keys with the nearest known one, malformed values with an example.
 */
export function parseSettings<T extends object>(
  schema: SettingsSchema<T>,
  values: Readonly<Record<string, unknown>>,
  label: (key: string) => string = (key) => key,
): T {
  for (const key of Object.keys(values)) {
    if (key in schema) continue;
    const near = nearest(key, Object.keys(schema));
    throw new SettingsError(`${label(key)} is not a setting${near ? `; did you mean ${label(near)}?` : ''}`);
  }
  const config = convict(schema, { args: [], env: {} });
  const entries = schema as Readonly<Record<string, { readonly format?: unknown } | undefined>>;
  const refuse = (key: string, cause: unknown): never => {
    // The cause would carry the secret into the log.
    const { sensitive } = (entries[key] ?? {}) as { readonly sensitive?: boolean };
    throw new SettingsError(`${label(key)}: ${messageOf(cause, entries[key])}`, sensitive ? {} : { cause });
  };
  for (const [key, value] of Object.entries(values)) {
    try {
      config.load({ [key]: checkText(entries[key]?.format, value) });
    } catch (cause) {
      refuse(key, cause);
    }
  }
  try {
    config.validate({ allowed: 'strict' });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const named = Object.keys(schema).find(
      (key) => text.startsWith(`${key}:`) || text.startsWith(`'${key}'`),
    );
    if (named === undefined) throw new SettingsError(text.replace(/\s*\n\s*/g, '; '), { cause });
    refuse(named, new Error(text.slice(named.length + (text.startsWith("'") ? 2 : 1)).trim(), { cause }));
  }
  return config.getProperties() as T;
}
