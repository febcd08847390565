/** Processed crashes on the disk. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { StorageError } from '../errors.ts';

const compress = promisify<Buffer, object, Buffer>(gzip);
const expand = promisify<Buffer, Buffer>(gunzip);

/** Level 3: stack walks shrink tenfold already, and the processor waits for it. */
export const toGzipJson = (value: unknown): Promise<Buffer> =>
  compress(Buffer.from(JSON.stringify(value)), { level: 3 });

export async function fromGzipJson(store: string, bytes: Buffer): Promise<unknown> {
  try {
    return JSON.parse((await expand(bytes)).toString('utf8')) as unknown;
  } catch (error) {
    throw new StorageError('corrupt', store, 'a processed crash is no gzipped JSON', { cause: error });
  }
}
