/**
 * Bulk requests made of what several callers write, each of whom waits for his own item. A request takes what is there:
 * the first item goes at once, those that come while it is under way share the next ones.
 */
import { AbortedError, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { ServerError } from './errors.ts';
import { metrics } from './metrics.ts';

/** What became of an item. */
export interface BulkOutcome {
  readonly status: number;
  readonly result?: string | undefined;
  readonly error?: ServerError | undefined;
}

export interface BulkLimits {
  readonly items: number;
  readonly bytes: number;
  readonly waitMs: number;
  readonly requests: number;
  /** How often an item is sent again for which there was no room. */
  readonly retries: number;
}

/** Sends lines of a bulk body; resolves with an outcome for each item, rejects when the request as a whole failed. */
export type SendBulk = (lines: readonly string[], options: CallOptions) => Promise<readonly BulkOutcome[]>;

export interface BulkSetup {
  readonly store: string;
  readonly limits: BulkLimits;
  readonly send: SendBulk;
  /** The outcome that each item of a failed request has; undefined when it was no answer of the server. */
  readonly answer: (error: unknown) => BulkOutcome | undefined;
  readonly isOverload: (outcome: BulkOutcome) => boolean;
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

interface Entry {
  readonly lines: readonly string[];
  readonly bytes: number;
  readonly done: PromiseWithResolvers<BulkOutcome>;
  readonly since: number;
  retries: number;
  isGone: boolean;
  request: Request | undefined;
}

interface Request {
  readonly entries: readonly Entry[];
  readonly controller: AbortController;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class BulkWriter {
  readonly #setup: BulkSetup;
  readonly #random: () => number;
  #queue: Entry[] = [];
  readonly #requests = new Set<Request>();
  #timer: NodeJS.Timeout | undefined;
  /** Pauses since the server last had room. */
  #pauses = 0;
  #resumeAt = 0;
  #isClosed = false;

  constructor(setup: BulkSetup) {
    this.#setup = setup;
    this.#random = setup.random ?? Math.random;
  }

  /**
   * Resolves with what the server said of this item. Rejects when the request could not be made, and as soon as the
   * signal aborts: an item that still waits is then not sent; one under way may have been written.
   */
  async write(lines: readonly string[], { signal }: CallOptions = {}): Promise<BulkOutcome> {
    throwIfAborted(signal);
    if (this.#isClosed) throw new StorageError('closed', this.#setup.store, 'the store is closed');
    const entry: Entry = {
      lines,
      bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
      done: Promise.withResolvers<BulkOutcome>(),
      since: performance.now(),
      retries: 0,
      isGone: false,
      request: undefined,
    };
    const onAbort = (): void => this.#leave(entry, new AbortedError('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#queue.push(entry);
    this.#schedule();
    try {
      return await entry.done.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** What is still waiting is rejected with `closed`; the store has waited for its callers before. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const closed = new StorageError('closed', this.#setup.store, 'the store is closed');
    for (const entry of this.#queue) entry.done.reject(closed);
    this.#queue = [];
    for (const { controller } of this.#requests) controller.abort();
  }

  /** One caller goes; the others of his request stay. A request that nobody waits for is given up. */
  #leave(entry: Entry, error: Error): void {
    entry.isGone = true;
    entry.done.reject(error);
    this.#queue = this.#queue.filter((waiting) => waiting !== entry);
    if (entry.request?.entries.every((e) => e.isGone)) entry.request.controller.abort();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#isClosed && this.#queue.length > 0 && this.#requests.size < this.#setup.limits.requests) {
      const waitMs = this.#dueInMs();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#schedule(), waitMs);
        return;
      }
      this.#start(this.#take());
    }
  }

  #dueInMs(): number {
    const now = performance.now();
    if (now < this.#resumeAt) return Math.ceil(this.#resumeAt - now);
    const { limits } = this.#setup;
    const oldest = this.#queue[0];
    if (!oldest || this.#requests.size === 0 || this.#queue.length >= limits.items) return 0;
    if (oldest.since + limits.waitMs <= now) return 0;
    let bytes = 0;
    for (const entry of this.#queue) {
      bytes += entry.bytes;
      if (bytes >= limits.bytes) return 0;
    }
    return Math.ceil(oldest.since + limits.waitMs - now);
  }

  /** The oldest items, at least one, up to either limit. */
  #take(): Entry[] {
    const { items, bytes: maxBytes } = this.#setup.limits;
    let bytes = 0;
    let count = 0;
    for (const entry of this.#queue) {
      bytes += entry.bytes;
      if (count > 0 && (bytes > maxBytes || count === items)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  #start(entries: readonly Entry[]): void {
    void this.#carry(entries).then(() => this.#schedule());
  }

  /** Never rejects: every failure is somebody's outcome. */
  async #carry(entries: readonly Entry[]): Promise<void> {
    const request: Request = { entries, controller: new AbortController() };
    for (const entry of entries) entry.request = request;
    this.#requests.add(request);
    try {
      await this.#run(request);
    } finally {
      this.#requests.delete(request);
    }
  }

  async #run({ entries, controller }: Request): Promise<void> {
    const { store, send, answer } = this.#setup;
    metrics.observe('storage_elasticsearch_bulk_items', entries.length, { store });
    const lines = entries.flatMap((entry) => entry.lines);
    let outcomes: readonly BulkOutcome[];
    try {
      outcomes = await send(lines, { signal: controller.signal });
    } catch (error) {
      const outcome = answer(error);
      if (outcome?.status === 413 && entries.length > 1) return this.#halve(entries);
      if (outcome)
        this.#settle(
          entries,
          entries.map(() => outcome),
        );
      else for (const entry of entries) entry.done.reject(error);
      return;
    }
    this.#settle(entries, outcomes);
  }

  /** Too large as a whole: one half after the other, each of which may be halved again. */
  async #halve(entries: readonly Entry[]): Promise<void> {
    const middle = Math.ceil(entries.length / 2);
    for (const half of [entries.slice(0, middle), entries.slice(middle)]) {
      const waiting = half.filter((entry) => !entry.isGone);
      if (waiting.length > 0) await this.#carry(waiting);
    }
  }

  #settle(entries: readonly Entry[], outcomes: readonly BulkOutcome[]): void {
    const again: Entry[] = [];
    for (const [i, entry] of entries.entries()) {
      const outcome = outcomes[i];
      if (!outcome) {
        const text = 'the server answered a bulk request with fewer items than it had';
        entry.done.reject(new StorageError('internal', this.#setup.store, text));
      } else if (this.#setup.isOverload(outcome) && entry.retries < this.#setup.limits.retries) {
        again.push(entry);
      } else entry.done.resolve(outcome);
    }
    if (again.length === 0) {
      this.#pauses = 0;
      return;
    }
    metrics.count('storage_elasticsearch_overloads_total', { store: this.#setup.store }, again.length);
    for (const entry of again) entry.retries += 1;
    this.#pause();
    this.#requeue(again);
  }

  /** Everybody waits, not only those who were refused: the server has said that it is too much. */
  #pause(): void {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#pauses, LONGEST_PAUSE_MS);
    this.#pauses += 1;
    this.#resumeAt = performance.now() + longest / 2 + this.#random() * (longest / 2);
  }

  #requeue(entries: readonly Entry[]): void {
    const waiting = entries.filter((entry) => !entry.isGone);
    for (const entry of waiting) entry.request = undefined;
    this.#queue.unshift(...waiting);
  }
}
