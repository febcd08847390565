/** JSON in and out: once as it was, once as Postgres can search it (see tables.ts). */
import { sqlStateOf } from '../../database/postgres-errors.ts';
import { StorageError } from '../errors.ts';

/** JSON.stringify escapes only halves of pairs that are alone; a backslash that was in the text is `\\`. */
const REFUSED = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g;

/** The JSON text with what JSONB refuses replaced by U+FFFD. */
export const searchable = (exact: string): string =>
  exact.includes('\\u') ? exact.replace(REFUSED, (found) => (found === '\\\\' ? found : '\ufffd')) : exact;

/** Rejects with `invalid` what JSON cannot hold, before anything is written. */
export function exactJson(store: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new StorageError('invalid', store, 'JSON cannot hold the crash', { cause });
  }
}

/** Too large for JSONB: `program_limit_exceeded` and its kind. */
const isTooMuch = (error: unknown): boolean => sqlStateOf(error)?.startsWith('54') === true;

/** Writes with the searchable document, and without it when it is too much for Postgres. */
export async function withDocument<T>(
  exact: string,
  write: (document: string | null) => Promise<T>,
): Promise<T> {
  try {
    return await write(searchable(exact));
  } catch (error) {
    if (!isTooMuch(error)) throw error;
    return write(null);
  }
}

export function parseExact(store: string, exact: unknown): object {
  try {
    return JSON.parse(String(exact)) as object;
  } catch (cause) {
    throw new StorageError('corrupt', store, 'a stored document cannot be read', { cause });
  }
}
