/**
 * The whole processed crash as one value: compressed JSON in base64. As an object, the server would read through all of
 * it, refuse it when it is nested more deeply than it likes, and give it back written anew.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { StorageError } from '../errors.ts';

const compress = promisify(deflateRaw);
const expand = promisify(inflateRaw);

/** What we wrote is smaller; a damaged value must not fill the memory. */
const MAX_DOCUMENT_BYTES = 512 * 1024 ** 2;

/** Half the time of the default level, and a tenth larger, on processed crashes. */
const LEVEL = 3;

export async function packDocument(processed: ProcessedCrash): Promise<string> {
  const packed = await compress(Buffer.from(JSON.stringify(processed)), { level: LEVEL });
  return packed.toString('base64');
}

export async function unpackDocument(store: string, packed: unknown): Promise<ProcessedCrash> {
  try {
    if (typeof packed !== 'string') throw new TypeError('no text');
    const json = await expand(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_DOCUMENT_BYTES });
    return JSON.parse(json.toString()) as ProcessedCrash;
  } catch (cause) {
    throw new StorageError('corrupt', store, 'a stored document cannot be read', { cause });
  }
}
