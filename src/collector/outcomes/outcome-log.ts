/**
 * Records outcomes: in memory at once, in the database four times a second. While the database is down they wait in
 * bounded memory and in a small file, so that a restart keeps them; what does not fit is counted as lost.
 * After a kill the outcomes of the last moment are missing: the crashes themselves are not.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { metrics } from '../metrics.ts';
import type { OutcomeStore } from './database-outcomes.ts';
import type { OutcomeRecorder, UploadOutcome } from './outcome.ts';
import { type OutcomeBatch, PendingOutcomes } from './pending.ts';

export interface OutcomeLogOptions {
  readonly store: OutcomeStore;
  /** Where outcomes wait while the database is down; one file for each process. None when absent. */
  readonly file?: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly settings: {
    /** Milliseconds. */
    readonly outcomes_flush: number;
    readonly outcomes_recent: number;
    /** Milliseconds. */
    readonly outcomes_keep: number;
  };
}

/** Between two prunings; they read an index and delete little. */
const PRUNE_EVERY_MS = 60_000;
/** Between two writings of the file, which may have some megabytes after a long outage. */
const FILE_EVERY_MS = 5_000;

const isBatch = (value: unknown): value is OutcomeBatch =>
  typeof value === 'object' && value !== null && 'counts' in value && 'recent' in value;

export class OutcomeLog implements OutcomeRecorder {
  readonly #options: OutcomeLogOptions;
  readonly #pending: PendingOutcomes;
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #down = false;
  #hasFile = false;
  #fileAt = Number.NEGATIVE_INFINITY;
  #closed: Promise<void> | undefined;

  private constructor(options: OutcomeLogOptions) {
    this.#options = options;
    this.#pending = new PendingOutcomes(options.settings.outcomes_recent, (count) =>
      metrics.count('collector_outcomes_lost_total', {}, count),
    );
    this.#timer = setInterval(() => void this.flush(), options.settings.outcomes_flush);
  }

  /** Takes up what an earlier process left in the file. Close it. */
  static async open(options: OutcomeLogOptions): Promise<OutcomeLog> {
    const log = new OutcomeLog(options);
    await log.#readFile();
    return log;
  }

  record(outcome: UploadOutcome): void {
    this.#pending.add(outcome);
  }

  /** Writes what is pending. Never rejects: a failure is logged once and tried again with the next flush. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Stops, and writes what is left: to the database, else to the file. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushing;
    this.#fileAt = Number.NEGATIVE_INFINITY;
    await this.flush();
  }

  async #flush(): Promise<void> {
    if (!this.#pending.empty) {
      const batch = this.#pending.take();
      try {
        await this.#options.store.write(batch);
        this.#up();
      } catch (err) {
        this.#pending.putBack(batch);
        await this.#failed(err);
        return;
      }
      if (this.#hasFile) await this.#removeFile();
    }
    await this.#prune();
  }

  #up(): void {
    if (this.#down) this.#options.log.info('outcomes are written to the database again');
    this.#down = false;
  }

  async #failed(err: unknown): Promise<void> {
    if (!this.#down) this.#options.log.warn({ err }, 'outcomes wait: the database does not take them');
    this.#down = true;
    const { file, log, clock } = this.#options;
    const now = clock.now().getTime();
    if (file === undefined || Math.abs(now - this.#fileAt) < FILE_EVERY_MS) return;
    this.#fileAt = now;
    try {
      await writeFile(`${file}.tmp`, JSON.stringify(this.#pending.peek()), { mode: 0o640 });
      await rename(`${file}.tmp`, file);
      this.#hasFile = true;
    } catch (cause) {
      log.warn({ err: cause }, 'outcomes that wait for the database cannot be written to their file');
    }
  }

  async #prune(): Promise<void> {
    const now = this.#options.clock.now().getTime();
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = now;
    const { outcomes_recent, outcomes_keep } = this.#options.settings;
    try {
      await this.#options.store.prune({ keepRecent: outcomes_recent, before: new Date(now - outcomes_keep) });
    } catch (err) {
      this.#options.log.warn({ err }, 'old outcomes cannot be removed');
    }
  }

  async #readFile(): Promise<void> {
    const { file, log } = this.#options;
    if (file === undefined) return;
    try {
      const left: unknown = JSON.parse(await readFile(file, 'utf8'));
      if (!isBatch(left)) throw new Error('not a batch of outcomes');
      this.#pending.putBack(left);
      this.#hasFile = true;
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return;
      log.warn({ err, file }, 'outcomes that an earlier process left cannot be read; they are skipped');
    }
  }

  async #removeFile(): Promise<void> {
    try {
      await rm(this.#options.file as string, { force: true });
      this.#hasFile = false;
    } catch (err) {
      this.#options.log.warn({ err }, 'the file of waiting outcomes cannot be removed');
    }
  }
}
