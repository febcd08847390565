/** An upload on its way into the spool. */
import { throwIfAborted } from '../lib/abort.ts';
import type { CallOptions, RawCrash } from '../model/report.ts';
import { type Draft, type DumpSink, SpoolError } from './contract.ts';
import { type SinkHost, type SinkOwner, SpoolSink } from './dump-sink.ts';
import type { DumpRef } from './record.ts';

/** Small dumps of one report in the journal, together. */
const INLINE_BYTES = 256 * 1024;
/** Dumps of one draft that are being synced at once: each holds a file open. */
const SYNCS = 8;

/** What a draft needs of the spool. */
export interface DraftHost extends SinkHost {
  readonly inlineDump: number;
  /** Makes the report durable and hands it to the mover. Rejects with `SpoolError`. */
  commit(raw: RawCrash, parts: CommitParts): Promise<void>;
}

/** What is to be committed; `durable` resolves when the files are. */
export interface CommitParts {
  readonly dumps: readonly DumpRef[];
  readonly inline: readonly Uint8Array[];
  readonly durable: Promise<unknown>;
}

export class SpoolDraft implements Draft, SinkOwner {
  readonly #host: DraftHost;
  /** Being written: several of one name may be, each in files of its own. */
  readonly #open = new Set<SpoolSink>();
  /** By name, the last that was finished. */
  readonly #finished = new Map<string, SpoolSink>();
  readonly #discards = new Set<Promise<void>>();
  readonly #syncs = new Set<Promise<void>>();
  #state: 'open' | 'committing' | 'ended' = 'open';

  constructor(host: DraftHost) {
    this.#host = host;
  }

  get dumpBytes(): number {
    let bytes = 0;
    for (const sink of this.#finished.values()) bytes += sink.size;
    return bytes;
  }

  addDump(name: string): DumpSink {
    if (this.#state !== 'open') throw new SpoolError('closed', 'the draft has ended');
    const sink = new SpoolSink(name, this.#host, this);
    this.#open.add(sink);
    return sink;
  }

  finished(sink: SpoolSink): void {
    this.#open.delete(sink);
    const earlier = this.#finished.get(sink.name);
    if (earlier) this.#discard(earlier);
    this.#finished.set(sink.name, sink);
  }

  dropped(sink: SpoolSink): void {
    this.#open.delete(sink);
    if (this.#finished.get(sink.name) === sink) this.#finished.delete(sink.name);
  }

  async dropDumps(): Promise<void> {
    for (const sink of [...this.#open, ...this.#finished.values()]) this.#discard(sink);
    await this.#settled();
  }

  async commit(raw: RawCrash, options: CallOptions = {}): Promise<void> {
    if (this.#state !== 'open') throw new SpoolError('closed', 'the draft has ended');
    try {
      throwIfAborted(options.signal);
    } catch (cause) {
      throw new SpoolError('aborted', 'aborted before commit', { cause });
    }
    this.#state = 'committing';
    try {
      await this.#commit(raw);
    } catch (error) {
      this.#state = 'open';
      throw error;
    }
    this.#end();
  }

  async abandon(): Promise<void> {
    if (this.#state !== 'open') return;
    await this.dropDumps();
    this.#end();
  }

  takesInline(size: number): boolean {
    if (size > this.#host.inlineDump) return false;
    let inlined = size;
    for (const sink of this.#finished.values()) inlined += sink.file === undefined ? sink.size : 0;
    return inlined <= INLINE_BYTES;
  }

  addSync(work: Promise<void>): Promise<void> | undefined {
    const tracked = work
      .catch(() => undefined)
      .then(() => {
        this.#syncs.delete(tracked);
      });
    this.#syncs.add(tracked);
    return this.#syncs.size >= SYNCS ? Promise.race(this.#syncs) : undefined;
  }

  async #commit(raw: RawCrash): Promise<void> {
    for (const sink of this.#open) this.#discard(sink);
    const dumps: DumpRef[] = [];
    const inline: Uint8Array[] = [];
    const files: string[] = [];
    const opened: Promise<unknown>[] = [];
    let at = 0;
    for (const sink of this.#finished.values()) {
      const { name, size } = sink;
      if (sink.file !== undefined) {
        const { file, handle } = sink.file;
        files.push(file);
        opened.push(handle);
        dumps.push({ name, size, place: { file } });
      } else {
        dumps.push({ name, size, place: { at } });
        inline.push(...sink.chunks);
        at += size;
      }
    }
    const syncs = [...this.#finished.values()].map((sink) => sink.durable);
    const named = Promise.all(opened).then(() => this.#host.box.dumps.sync(files));
    const durable = Promise.all([...syncs, named]);
    await this.#host.commit(raw, { dumps, inline, durable });
    await this.#settled();
  }

  #discard(sink: SpoolSink): void {
    const work = sink.discard().finally(() => this.#discards.delete(work));
    this.#discards.add(work);
    work.catch(() => undefined);
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#discards);
  }

  #end(): void {
    this.#state = 'ended';
  }
}
