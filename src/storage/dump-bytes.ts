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

/** Counts and hashes the bytes of a dump as they pass. */
class Passage {
  readonly #store: string;
  readonly #dump: Dump;
  readonly #hash = createHash('sha256');
  #size = 0;

  constructor(store: string, dump: Dump) {
    this.#store = store;
    this.#dump = dump;
  }

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size > this.#dump.size) throw wrongSize(this.#store, this.#dump, 'more');
    this.#hash.update(chunk);
  }

  end(): { readonly sha256: string } {
    const { size, sha256: wanted } = this.#dump;
    if (this.#size < size) throw wrongSize(this.#store, this.#dump, `only ${this.#size}`);
    const sha256 = this.#hash.digest('hex');
    if (wanted === undefined || wanted === sha256) return { sha256 };
    const detail = 'the bytes of a dump do not have the SHA-256 that came with it';
    throw new StorageError('corrupt', this.#store, detail);
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
  const passage = new Passage(store, dump);
  for await (const chunk of sourceChunks(store, dump, options?.signal)) {
    passage.add(chunk);
    await write(chunk);
  }
  return passage.end();
}

/** The same for those who pull: throws what `copyDump` rejects with, after the last good chunk. */
export async function* checkedChunks(
  store: string,
  dump: Dump,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const passage = new Passage(store, dump);
  for await (const chunk of sourceChunks(store, dump, options?.signal)) {
    passage.add(chunk);
    yield chunk;
  }
  passage.end();
}

export const wrongSize = (store: string, dump: Dump, found: string): StorageError =>
  new StorageError('invalid', store, `a dump of ${dump.size} bytes has ${found}`);

/** Two dumps of one name cannot both be read back. */
export function refuseTwinDumps(store: string, dumps: readonly Dump[]): void {
  if (new Set(dumps.map((d) => d.name)).size !== dumps.length)
    throw new StorageError('invalid', store, 'two dumps have the same name');
}
