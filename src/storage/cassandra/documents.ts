/** JSON in and out of a row: compressed, and checked when it is read. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { StorageError } from '../errors.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** What we wrote is smaller; a damaged row must not fill the memory. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;

/** Half the time of the default level, and a tenth larger, on processed crashes. */
const LEVEL = 3;

/** Rejects with `invalid` when JSON cannot hold it. */
export async function packJson(store: string, value: unknown): Promise<Buffer> {
  let json: string;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new StorageError('invalid', store, 'a document cannot be written as JSON', { cause });
  }
  return compress(Buffer.from(json), { level: LEVEL });
}

/** Rejects with `corrupt`: gzip ends with a sum of what it holds. */
export async function unpackJson(store: string, bytes: Uint8Array): Promise<unknown> {
  try {
    const json = await expand(bytes, { maxOutputLength: MAX_DOCUMENT_BYTES });
    return JSON.parse(json.toString()) as unknown;
  } catch (cause) {
    throw new StorageError('corrupt', store, 'a stored document cannot be read', { cause });
  }
}
