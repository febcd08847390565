/** The bytes of a dump on their way into a store, counted and checked. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { isAborted, raceSignal } from '../lib/abort.ts';
import type { CallOptions, Dump } from '../model/report.ts';
import { StorageError } from './errors.ts';

async function openSource(dump: Dump, signal: AbortSignal | undefined): Promise<Readable> {
  const opening = dump.open({ signal });
  try {
    return await raceSignal(opening, signal);
  } catch (error) {
    if (isAborted(error)) opening.then((late) => late.destroy()).catch(() => undefined);
    throw error;
  }
}

/** Read by hand and not with `for await`: a source that hangs must not hold up the abort, nor its own closing. */
async function* sourceChunks(store: string, dump: Dump, signal: AbortSignal | undefined) {
  let stream: Readable | undefined;
  try {
    stream = await openSource(dump, signal);
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    for (;;) {
      const next = await raceSignal(chunks.next(), signal);
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    if (isAborted(error) || error instanceof StorageError) throw error;
    throw new StorageError('internal', store, 'the source of a dump failed', { cause: error });
  } finally {
    stream?.destroy();
  }
}

/**
 * Hands every chunk to `write`, one at a time. Rejects with `invalid` as soon as the bytes are more than
 * `dump.size`, or at the end when they are fewer; with `corrupt` when `dump.sha256` is given and is not theirs.
 * The source is closed however it ends. What `write` throws passes through.
 */
export async function copyDump(
  store: string,
  dump: Dump,
  write: (chunk: Uint8Array) => Promise<void> | void,
  options?: CallOptions,
): Promise<{ readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of sourceChunks(store, dump, options?.signal)) {
    size += chunk.length;
    if (size > dump.size) throw wrongSize(store, dump, 'more');
    hash.update(chunk);
    await write(chunk);
  }
  if (size < dump.size) throw wrongSize(store, dump, `only ${size}`);
  const sha256 = hash.digest('hex');
  if (dump.sha256 !== undefined && dump.sha256 !== sha256) {
    throw new StorageError('corrupt', store, 'the bytes of a dump do not have the SHA-256 that came with it');
  }
  return { sha256 };
}

export const wrongSize = (store: string, dump: Dump, found: string): StorageError =>
  new StorageError('invalid', store, `a dump of ${dump.size} bytes has ${found}`);

/** Two dumps of one name cannot both be read back. */
export function refuseTwinDumps(store: string, dumps: readonly Dump[]): void {
  if (new Set(dumps.map((d) => d.name)).size !== dumps.length)
    throw new StorageError('invalid', store, 'two dumps have the same name');
}
