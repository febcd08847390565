/** One connection in somebody's hands. */
import type pg from 'pg';
import { AbortedError, isAborted, raceSignal, throwIfAborted } from '../lib/abort.ts';
import { selectBytes } from './postgres-bytes.ts';
import { cutOff } from './postgres-client.ts';
import { fromPostgres, isBroken, type PostgresPlace } from './postgres-errors.ts';

/** A statement under way gets so long to end after an abort, so that what it wrote can be undone; then it is cut off. */
const GRACE_MS = 2_000;

export interface Answer<R> {
  readonly rows: readonly R[];
  /** Rows found, inserted, updated or removed. */
  readonly count: number;
  /** `INSERT`, `COMMIT`, … */
  readonly command: string;
}

async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export class PostgresSession {
  readonly #client: pg.ClientBase;
  readonly #place: PostgresPlace;
  readonly #signal: AbortSignal | undefined;
  #broken = false;

  constructor(client: pg.ClientBase, place: PostgresPlace, signal?: AbortSignal | undefined) {
    this.#client = client;
    this.#place = place;
    this.#signal = signal;
  }

  /** The connection must not be used again. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Rejects with a `DatabaseError`; with `AbortedError` when the signal aborts, at the latest two seconds after it. */
  async query<R extends object = Readonly<Record<string, unknown>>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Answer<R>> {
    throwIfAborted(this.#signal);
    const { rows, rowCount, command } = await this.#settled(this.#client.query(text, values as unknown[]));
    return { rows: rows as R[], count: rowCount ?? 0, command };
  }

  /** What a `select` of one `bytea` column finds, nulls left out, without parameters. Rejects as `query`. */
  async bytes(select: string): Promise<readonly Buffer[]> {
    throwIfAborted(this.#signal);
    return this.#settled(selectBytes(this.#client, select));
  }

  /** Also when the signal has aborted: how a transaction ends. */
  async control(text: string): Promise<string> {
    try {
      const { command } = await this.#client.query(text);
      return command;
    } catch (error) {
      this.#broken ||= isBroken(error);
      throw fromPostgres(this.#place, error);
    }
  }

  /** Ends the transaction for good, by cutting the connection when the server does not answer. */
  async rollback(): Promise<void> {
    if (this.#broken) return;
    try {
      await this.control('rollback');
    } catch {
      // The caller hears why he is here; what was written is undone with the connection.
      this.#broken = true;
    }
  }

  async #settled<T>(asked: Promise<T>): Promise<T> {
    try {
      return await raceSignal(asked, this.#signal);
    } catch (error) {
      if (!isAborted(error)) {
        this.#broken ||= isBroken(error);
        if (this.#broken) cutOff(this.#client);
        throw fromPostgres(this.#place, error);
      }
      await this.#letEnd(asked);
      throw new AbortedError('aborted', { cause: (error as Error).cause });
    }
  }

  async #letEnd(asked: Promise<unknown>): Promise<void> {
    const ended = asked.then(
      () => true,
      (error: unknown) => {
        this.#broken ||= isBroken(error);
        return true;
      },
    );
    if (await within(ended, GRACE_MS)) return;
    this.#broken = true;
    cutOff(this.#client);
  }
}
