/** Having a job: its lease, renewed until it is let go of or lost. */
import { DatabaseError } from '../database/errors.ts';
import type { Lease } from '../database/lease.ts';
import type { Log } from '../lib/log.ts';

/** The lease ran out while the job was running: another process may have begun it. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Of the lease's time: two renewals may fail before it runs out. */
const RENEWALS = 3;

export class Tenure {
  readonly #lease: Lease;
  readonly #ttlMs: number;
  readonly #log: Log;
  readonly #lost = new AbortController();
  #renewedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(lease: Lease, ttlMs: number, log: Log) {
    this.#lease = lease;
    this.#ttlMs = ttlMs;
    this.#log = log;
    this.#wait();
  }

  /** Aborts, with a `LeaseLostError`, when the lease can no longer be relied on. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Lets go of the job. A database that cannot be told leaves the lease to run out. */
  async release(): Promise<void> {
    this.abandon();
    try {
      await this.#lease.release();
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#log.warn({ err: error, job: this.#lease.name }, 'a lease could not be given back; it runs out');
    }
  }

  /** Renews no more and leaves the lease to run out: for a job whose code may still be running. */
  abandon(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#isOver) return;
    this.#timer = setTimeout(() => void this.#renew(), this.#ttlMs / RENEWALS);
    // The job keeps the process alive, not its lease.
    this.#timer.unref();
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    const askedAt = performance.now();
    try {
      await this.#lease.renew();
      this.#renewedAt = askedAt;
    } catch (error) {
      if (this.#isOver) return;
      const isTaken = error instanceof DatabaseError && error.code === 'conflict';
      this.#log.warn({ err: error, job: this.#lease.name }, 'a lease could not be renewed');
      if (isTaken || performance.now() - this.#renewedAt >= this.#ttlMs) {
        this.abandon();
        this.#lost.abort(
          new LeaseLostError(`the lease on ${this.#lease.name} ran out while it was running`, {
            cause: error,
          }),
        );
        return;
      }
    }
    this.#wait();
  }
}
