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
  readonly #sinks = new Map<string, SpoolSink>();
  readonly #discards = new Set<Promise<void>>();
  readonly #syncs = new Set<Promise<void>>();
  #inlined = 0;
  #state: 'open' | 'committing' | 'ended' = 'open';

  constructor(host: DraftHost) {
    this.#host = host;
  }

  get dumpBytes(): number {
    let bytes = 0;
    for (const sink of this.#sinks.values()) bytes += sink.isFinished ? sink.size : 0;
    return bytes;
  }

  addDump(name: string): DumpSink {
    if (this.#state !== 'open') throw new SpoolError('closed', 'the draft has ended');
    const earlier = this.#sinks.get(name);
    if (earlier) this.#discard(earlier);
    const sink = new SpoolSink(name, this.#host, this);
    this.#sinks.set(name, sink);
    return sink;
  }

  async dropDumps(): Promise<void> {
    for (const sink of this.#sinks.values()) this.#discard(sink);
    this.#sinks.clear();
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
    if (size > this.#host.inlineDump || this.#inlined + size > INLINE_BYTES) return false;
    this.#inlined += size;
    return true;
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
    for (const [name, sink] of this.#sinks) {
      if (sink.isFinished) continue;
      this.#discard(sink);
      this.#sinks.delete(name);
    }
    const dumps: DumpRef[] = [];
    const inline: Uint8Array[] = [];
    const files: string[] = [];
    const opened: Promise<unknown>[] = [];
    let at = 0;
    for (const sink of this.#sinks.values()) {
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
    const syncs = [...this.#sinks.values()].map((sink) => sink.durable);
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
