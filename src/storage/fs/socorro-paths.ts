/**
 * Where Socorro's file system stores keep things (socorro/external/fs, 2018):
 * `root/YYYYMMDD/name/<radix>/<id>/` in the radix tree, `root/YYYYMMDD/name/<radix>/` in the legacy one, where many
 * crashes share a folder.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CrashId } from '../../model/crash-id.ts';
import { StorageError } from '../errors.ts';

export type SocorroTree = 'radix' | 'legacy';

/** The form part whose file has no name of its own. */
export const MAIN_DUMP = 'upload_file_minidump';

const ENCODED_LIMIT = 200;

/** Pairs of digits from the id, as many as its digit before the date says; 0 meant 4 in the oldest ids. */
export function radixOf(store: string, id: CrashId): readonly string[] {
  const digit = Number(id.at(-7));
  if (!Number.isInteger(digit) || digit > 4)
    throw new StorageError(
      'invalid',
      store,
      `${id} says no radix depth in its digit before the date; layout=native takes it`,
    );
  return Array.from({ length: digit === 0 ? 4 : digit }, (_, level) => id.slice(2 * level, 2 * level + 2));
}

export const dayFolder = (root: string, id: CrashId): string => join(root, `20${id.slice(-6)}`);

export const rawFile = (id: CrashId): string => `${id}.json`;
export const processedFile = (id: CrashId): string => `${id}.jsonz`;

/**
 * The original writes a name as it came, `../x` too. Ours differs only where that would leave the folder, be no file
 * name, or not be read back: such characters become `%xx`, and a name too long for a file is `%~` and its SHA-256,
 * found again among the names that the raw crash lists.
 */
export function dumpFile(id: CrashId, name: string): string {
  if (name === MAIN_DUMP) return `${id}.dump`;
  const encoded = encodeDumpName(name);
  return `${id}.${encoded}.dump`;
}

function encodeDumpName(name: string): string {
  if (name === '') return '%';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is encoded
  const encoded = name.toWellFormed().replace(/[\u0000-\u001f\u007f%/\\]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return Buffer.byteLength(encoded) <= ENCODED_LIMIT
    ? encoded
    : `%~${createHash('sha256').update(name).digest('hex')}`;
}

/** The name of the dump in this file of the crash's; undefined when it is another file. `known` are names to try. */
export function dumpNameOf(id: CrashId, file: string, known: Iterable<string>): string | undefined {
  if (!file.startsWith(id) || !file.endsWith('.dump')) return undefined;
  const middle = file.slice(id.length, -'.dump'.length);
  if (middle === '') return MAIN_DUMP;
  if (!middle.startsWith('.')) return undefined;
  const encoded = middle.slice(1);
  if (encoded === '%') return '';
  if (encoded.startsWith('%~')) {
    for (const name of known) if (encodeDumpName(name) === encoded) return name;
    return encoded;
  }
  return encoded.replace(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
