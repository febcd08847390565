/** What the bytes and names of form parts mean. */
import { isUtf8 } from 'node:buffer';
import { MalformedError } from '../../malformed.ts';

/** Names under which Socorro's stores keep other things beside the dumps. */
const RESERVED_DUMP_NAMES: ReadonlySet<string> = new Set(['dump_names', 'processed_crash', 'raw_crash']);
const MAX_DUMP_NAME = 30;

/**
 * A part's name as the name of a dump: letters, digits and `_`, 30 at most. Parts whose names agree then are one dump,
 * the later, as in Socorro. Throws `invalid_dump_name`.
 */
export function dumpNameOf(partName: string): string {
  const name = partName.replace(/[^A-Za-z0-9_]/g, '').slice(0, MAX_DUMP_NAME);
  if (RESERVED_DUMP_NAMES.has(name)) throw new MalformedError('invalid_dump_name');
  // Socorro would keep a name without any such character as the empty one, which no store can hold.
  return name === '' ? 'unnamed' : name;
}

/** Undefined when the bytes are not text in that charset, or nobody knows the charset. */
export function decodeText(bytes: Buffer, charset: string): string | undefined {
  if (charset === 'utf-8' || /^utf-?8$/i.test(charset)) {
    return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  }
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A value of a JSON part as the text that an annotation is: strings as they are, others as JSON. */
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The annotations of a JSON part. Throws `invalid_json`, `invalid_json_value`. */
export function parseJsonPart(bytes: Buffer): [string, string][] {
  if (!isUtf8(bytes)) throw new MalformedError('invalid_json');
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new MalformedError('invalid_json', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new MalformedError('invalid_json_value');
  }
  try {
    return Object.entries(parsed).map(([name, value]) => [name, asText(value)]);
  } catch (cause) {
    // JSON.stringify of a value nested some thousand levels deep overflows the stack; JSON.parse does not.
    throw new MalformedError('invalid_json', { cause });
  }
}

const printable = (text: string, most: number): string => text.replace(/[^\x21-\x7e]+/g, '?').slice(0, most);

/** Names and types in notes come from the client: printable, short, and never a value. */
export const nameForNote = (name: string): string => printable(name, 64);
export const typeForNote = (type: string): string => printable(type, 100);
export const charsetForNote = (charset: string): string => printable(charset, 40);
