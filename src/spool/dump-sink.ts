/** One dump on its way into the spool: all in memory when it is small, in pieces of half a MiB when it is not. */
import type { DiskFile } from '../lib/disk.ts';
import type { Box } from './box.ts';
import { type DumpSink, SpoolError, toSpoolError } from './contract.ts';
import type { NewFile } from './dump-files.ts';
import type { DiskRoom } from './room.ts';

/** Chunks come from HTTP in 64 KiB; most dumps are written and synced at once (bench/spool.ts). */
const WRITE_BYTES = 512 * 1024;

export interface SinkHost {
  readonly box: Box;
  readonly room: DiskRoom;
}

/** What the dumps of one report share. */
export interface SinkOwner {
  /** Whether one more dump of this size may lie in the journal. */
  takesInline(size: number): boolean;
  /** It is whole, and takes the place of an earlier one of its name. Called once, before `finish` returns. */
  finished(sink: SpoolSink): void;
  /** It is no part of the report. */
  dropped(sink: SpoolSink): void;
  /** Resolves when one more sync may be under way; undefined when it may already. */
  addSync(work: Promise<void>): Promise<void> | undefined;
}

export class SpoolSink implements DumpSink {
  readonly name: string;
  readonly #host: SinkHost;
  readonly #draft: SinkOwner;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #size = 0;
  #file: NewFile | undefined;
  #writing: Promise<void> | undefined;
  #durable: Promise<void> = Promise.resolve();
  #state: 'open' | 'finished' | 'dropped' = 'open';

  constructor(name: string, host: SinkHost, draft: SinkOwner) {
    this.name = name;
    this.#host = host;
    this.#draft = draft;
  }

  get size(): number {
    return this.#size;
  }
  /** Where it lies; undefined for one that goes into the journal. */
  get file(): NewFile | undefined {
    return this.#file;
  }
  /** The bytes of one that goes into the journal. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }
  /** After `finish`: resolves when the bytes are durable. */
  get durable(): Promise<void> {
    return this.#durable;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#state === 'open' && this.#host.room.room === 'all') return this.#take(chunk);
    return this.#lookAndTake(chunk);
  }

  finish(): Promise<void> | undefined {
    const isWhole = this.#state === 'open' && !this.#file && this.#writing === undefined;
    if (!isWhole) return this.#finishFile();
    const isInline = this.#draft.takesInline(this.#size);
    if (!isInline) this.#durable = this.#writeWhole();
    this.#end();
    if (isInline) return undefined;
    return this.#draft.addSync(this.#durable);
  }

  async #lookAndTake(chunk: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    if ((await this.#host.room.check()) !== 'all') {
      throw new SpoolError('full', 'there is no room for dumps');
    }
    await this.#take(chunk);
  }

  #take(chunk: Uint8Array): Promise<void> | undefined {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.#size += chunk.length;
    return this.#buffered >= WRITE_BYTES ? this.#flush() : undefined;
  }

  async #finishFile(): Promise<void> {
    this.#mustBeOpen();
    if (this.#buffered > 0) await this.#flush();
    await this.#writing;
    this.#mustBeOpen();
    this.#durable = this.#sync();
    this.#end();
    await this.#draft.addSync(this.#durable);
  }

  #end(): void {
    this.#state = 'finished';
    this.#draft.finished(this);
  }

  drop(): Promise<void> {
    return this.discard();
  }

  /** Removes what was written, if anything. May be called twice. */
  async discard(): Promise<void> {
    if (this.#state === 'dropped') return;
    const wasFinished = this.#state === 'finished';
    this.#state = 'dropped';
    this.#draft.dropped(this);
    this.#chunks = [];
    await this.#writing?.catch(() => undefined);
    await this.#durable.catch(() => undefined);
    if (!this.#file) return;
    if (!wasFinished) await this.#close();
    // One that stays is tried again when the box is flushed, and no report names it.
    await this.#host.box.dumps.unlink([this.#file.file]).catch(() => undefined);
  }

  #mustBeOpen(): void {
    if (this.#state !== 'open') throw new SpoolError('closed', `the dump was ${this.#state}`);
  }

  /** Begins to write what is buffered, after the write before it: one is on its way while the next is filled. */
  async #flush(): Promise<void> {
    await this.#writing;
    // Whoever drops it has looked for a file already.
    this.#mustBeOpen();
    const chunks = this.#chunks;
    const bytes = this.#buffered;
    this.#chunks = [];
    this.#buffered = 0;
    this.#writing = this.#write(chunks, bytes);
    // Whoever writes or finishes next hears of it.
    this.#writing.catch(() => undefined);
  }

  async #write(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    try {
      this.#file ??= this.#host.box.dumps.create('often');
      this.#host.room.wrote(bytes);
      await (await this.#file.handle).write(chunks);
    } catch (error) {
      throw toSpoolError(error, 'a dump cannot be written');
    }
  }

  /** A dump that is all in memory. That the disk is full is heard by whoever commits. */
  #writeWhole(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#file = this.#host.box.dumps.create('once');
    this.#host.room.wrote(this.#size);
    return this.#sync(async (handle) => {
      if (chunks.length > 0) await handle.write(chunks);
    });
  }

  async #sync(before: (handle: DiskFile) => Promise<void> = async () => undefined): Promise<void> {
    try {
      const handle = await this.#file?.handle;
      if (!handle) return;
      await before(handle);
      await handle.sync();
    } catch (error) {
      throw toSpoolError(error, 'a dump cannot be made durable');
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    const handle = await this.#file?.handle.catch(() => undefined);
    await handle?.close();
  }
}
