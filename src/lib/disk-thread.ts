/**
 * A thread that does whole series of file operations. Node takes each single one to its pool and back, which costs
 * the event loop more than the operation costs the disk: 20 of them for a crash in the `fs` store (bench/collector.ts).
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NodeDisk } from './disk.ts';
import { type DiskStep, SeriesError } from './disk-steps.ts';

export interface SeriesRequest {
  readonly number: number;
  readonly steps: readonly DiskStep[];
}

export interface SeriesAnswer {
  readonly number: number;
  readonly failure: { readonly code: string; readonly message: string; readonly step: number } | undefined;
}

/** Batches on their way: the thread goes on with the second while the answers to the first are read. */
const BATCHES = 2;
/** Series in one batch, whose syncs are done together; more would wait for each other for long. */
const SERIES_AT_ONCE = 16;

class DiskThread {
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #line: SeriesRequest[] = [];
  #worker: Worker | undefined;
  #next = 0;
  #batches = 0;
  #isReady = false;

  constructor() {
    this.#worker = this.#start();
  }

  /** Runs; before that, series are better done otherwise. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Series that are not done. */
  get load(): number {
    return this.#waiting.size;
  }

  run(steps: readonly DiskStep[]): Promise<void> {
    this.#next += 1;
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(this.#next, answer);
    this.#line.push({ number: this.#next, steps });
    // In a moment, so that those who are ready now come along.
    if (this.#line.length === 1) queueMicrotask(() => this.#send());
    return answer.promise;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #send(): void {
    while (this.#line.length > 0 && this.#batches < BATCHES) {
      this.#worker ??= this.#start();
      this.#batches += 1;
      this.#worker.postMessage(this.#line.splice(0, SERIES_AT_ONCE));
    }
  }

  #start(): Worker {
    const here = fileURLToPath(import.meta.url);
    const worker = new Worker(new URL(`./disk-thread-worker${extname(here)}`, import.meta.url));
    worker.once('online', () => {
      this.#isReady = true;
    });
    worker.on('message', (answers: readonly SeriesAnswer[]) => {
      this.#batches -= 1;
      for (const answer of answers) this.#settle(answer);
      this.#send();
    });
    const died = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#batches = 0;
      this.#line = [];
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', died);
    worker.on('exit', (code) => died(new Error(`the disk thread ended with ${code}`)));
    return worker;
  }

  #settle({ number, failure }: SeriesAnswer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failure) waiting?.reject(new SeriesError(failure.code, failure.step, failure.message));
    else waiting?.resolve();
  }
}

/**
 * A sync costs the disk its own time however little there is to sync, and several at once cost little more than one:
 * threads wait for them side by side.
 */
const THREADS = 5;
/** Series at once from which on threads are worth their memory and the time they take to start. */
const WORTH_A_THREAD = 4;

class DiskThreads {
  readonly #threads: DiskThread[] = [];
  #others = 0;

  /** `byHand` when there is no thread yet, or none worth it. */
  async run(steps: readonly DiskStep[], byHand: () => Promise<void>): Promise<void> {
    const ready = this.#threads.filter((thread) => thread.isReady);
    const load = this.#others + this.#threads.reduce((sum, thread) => sum + thread.load, 0);
    const isStarting = ready.length < this.#threads.length;
    if (!isStarting && this.#threads.length < THREADS && load >= WORTH_A_THREAD * (ready.length + 1)) {
      this.#threads.push(new DiskThread());
    }
    const thread = ready.toSorted((a, b) => a.load - b.load)[0];
    if (thread) return thread.run(steps);
    this.#others += 1;
    try {
      await byHand();
    } finally {
      this.#others -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

let shared: { readonly threads: DiskThreads; users: number } | undefined;

/** The real disk, series done by threads that all such disks of this process share. Close it. */
export class ThreadedDisk extends NodeDisk {
  #mine: { readonly threads: DiskThreads; users: number } | undefined;
  #isClosed = false;

  override series(steps: readonly DiskStep[]): Promise<void> {
    if (this.#isClosed) return super.series(steps);
    if (!this.#mine) {
      shared ??= { threads: new DiskThreads(), users: 0 };
      shared.users += 1;
      this.#mine = shared;
    }
    return this.#mine.threads.run(steps, () => super.series(steps));
  }

  /** The threads end with their last user. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const mine = this.#mine;
    this.#mine = undefined;
    if (!mine) return;
    mine.users -= 1;
    if (mine.users > 0) return;
    if (shared === mine) shared = undefined;
    await mine.threads.close();
  }
}
