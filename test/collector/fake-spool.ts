/** The spool's contract in memory, with faults to order. */
import type { CrashId } from '../../src/model/crash-id.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { type Draft, type DumpSink, type Room, type Spool, SpoolError } from '../../src/spool/contract.ts';

export interface KeptReport {
  readonly raw: RawCrash;
  readonly dumps: Readonly<Record<string, Buffer>>;
}

export class FakeSpool implements Spool {
  readonly reports = new Map<string, KeptReport>();
  /** Drafts begun and neither committed nor abandoned. */
  open = 0;
  room: Room = 'all';
  /** A dump fails with `full` after so many bytes. */
  fullAfter = Number.POSITIVE_INFINITY;
  /** Every write of a dump fails so. */
  writeError: Error | undefined;
  /** Commits fail so, in order; undefined succeeds. */
  commitErrors: (Error | undefined)[] = [];
  /** Held commits wait for this. */
  gate: Promise<void> = Promise.resolve();
  closed = false;

  begin(): Draft {
    if (this.closed) throw new SpoolError('closed', 'closed');
    return new FakeDraft(this);
  }

  only(): KeptReport {
    if (this.reports.size !== 1) throw new Error(`${this.reports.size} reports in the spool`);
    return [...this.reports.values()][0] as KeptReport;
  }

  state() {
    const entries = this.reports.size;
    return { entries, bytes: 0, oldest: null, free: 1e9, room: this.room, failed: 0, waitingFor: null };
  }

  has(id: CrashId): boolean {
    return this.reports.has(id);
  }

  async find(id: CrashId): Promise<RawCrash | undefined> {
    return this.reports.get(id)?.raw;
  }

  async remove(id: CrashId): Promise<boolean> {
    return this.reports.delete(id);
  }

  async *listFailed() {}

  async retryFailed(): Promise<number> {
    return 0;
  }

  async drain(): Promise<void> {}

  async health(): Promise<void> {
    if (this.room === 'full') throw new SpoolError('full', 'no room');
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

class FakeDraft implements Draft {
  readonly #spool: FakeSpool;
  /** In the order in which they were finished. */
  #dumps = new Set<FakeSink>();
  #over = false;

  constructor(spool: FakeSpool) {
    this.#spool = spool;
    spool.open += 1;
  }

  get dumpBytes(): number {
    return [...this.#last().values()].reduce((sum, sink) => sum + sink.size, 0);
  }

  addDump(name: string): DumpSink {
    return new FakeSink(name, this.#spool, (sink) => this.#dumps.add(sink));
  }

  #last(): ReadonlyMap<string, FakeSink> {
    return new Map([...this.#dumps].filter((sink) => sink.finished).map((sink) => [sink.name, sink]));
  }

  async dropDumps(): Promise<void> {
    this.#dumps = new Set();
  }

  async commit(raw: RawCrash): Promise<void> {
    if (this.#over) throw new Error('the draft is over');
    await this.#spool.gate;
    const error = this.#spool.commitErrors.shift();
    if (error) throw error;
    this.#end();
    this.#spool.reports.set(raw.id, {
      raw,
      dumps: Object.fromEntries([...this.#last()].map(([name, sink]) => [name, Buffer.concat(sink.chunks)])),
    });
  }

  async abandon(): Promise<void> {
    this.#end();
  }

  #end(): void {
    if (!this.#over) this.#spool.open -= 1;
    this.#over = true;
  }
}

class FakeSink implements DumpSink {
  readonly name: string;
  readonly #spool: FakeSpool;
  readonly #onFinish: (sink: FakeSink) => void;
  chunks: Buffer[] = [];
  size = 0;
  finished = false;
  #busy = false;

  constructor(name: string, spool: FakeSpool, onFinish: (sink: FakeSink) => void) {
    this.name = name;
    this.#spool = spool;
    this.#onFinish = onFinish;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#busy) throw new Error('a write before the last one resolved');
    this.#busy = true;
    // As a disk would: the answer comes in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#busy = false;
    this.size += chunk.length;
    if (this.#spool.writeError) throw this.#spool.writeError;
    if (this.size > this.#spool.fullAfter) throw new SpoolError('full', 'no space');
    this.chunks.push(Buffer.from(chunk));
  }

  async finish(): Promise<void> {
    this.finished = true;
    this.#onFinish(this);
  }

  async drop(): Promise<void> {
    this.finished = false;
    this.chunks = [];
  }
}
