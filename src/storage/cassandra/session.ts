/** Statements as this store sends them: prepared, with its consistency levels, given up when the signal aborts. */
import type { Client, QueryOptions, types } from 'cassandra-driver';
import { raceSignal, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { driverConsistency } from './connection.ts';
import type { CassandraOptions } from './settings.ts';

export type Row = Readonly<Record<string, unknown>>;
export type Parameters = readonly unknown[];

/** Rows to a page of what may be long. */
const PAGE = 1000;
/** What is done after a failure must not keep the caller waiting for his error; the sweep finds what it leaves. */
const TIDY_TIMEOUT_MS = 3000;

export interface WriteOptions extends CallOptions {
  /** Microseconds: of two writes to one cell the later wins, whenever they arrive. */
  readonly at: number;
  /** Part of the clearing up after a failure. */
  readonly tidying?: boolean | undefined;
}

let lastMicros = 0;

/** Now, in microseconds, never the same twice in this process. */
export function micros(): number {
  lastMicros = Math.max(Date.now() * 1000, lastMicros + 1);
  return lastMicros;
}

/** When to delete what was written `at`, so that it is gone even when the writer's clock was ahead of ours. */
export const after = (at: number): number => Math.max(micros(), at + 1);

/** Cassandra's `bigint` comes as an object; ours are small enough for a number. */
export const toNumber = (value: unknown): number => Number(String(value));

/**
 * The driver takes no signal. An aborted read is not waited for. An aborted write may still arrive; what it wrote is
 * deleted with a later timestamp, which wins whichever of the two is first.
 */
export class Session {
  readonly #client: Client;
  readonly #read: types.consistencies;
  readonly #write: types.consistencies;
  readonly #tidyTimeoutMs: number;
  /** Seconds; 0 for ever. */
  readonly ttl: number;

  constructor(
    client: Client,
    options: Pick<CassandraOptions, 'read_consistency' | 'write_consistency' | 'ttl' | 'request_timeout'>,
  ) {
    this.#client = client;
    this.#read = driverConsistency(options.read_consistency);
    this.#write = driverConsistency(options.write_consistency);
    this.#tidyTimeoutMs = Math.min(options.request_timeout, TIDY_TIMEOUT_MS);
    this.ttl = Math.ceil(options.ttl / 1000);
  }

  /** For answers known to be short. */
  async rows(cql: string, parameters: Parameters, options: CallOptions = {}): Promise<readonly Row[]> {
    const { rows } = await this.#execute(
      cql,
      parameters,
      { consistency: this.#read, isIdempotent: true },
      options,
    );
    return rows;
  }

  /** Any number of rows, a page in memory at a time. */
  async *each(cql: string, parameters: Parameters, options: CallOptions = {}): AsyncGenerator<Row> {
    let pageState: string | undefined;
    do {
      const result = await this.#execute(
        cql,
        parameters,
        { consistency: this.#read, isIdempotent: true, fetchSize: PAGE, ...(pageState && { pageState }) },
        options,
      );
      yield* result.rows as readonly Row[];
      pageState = result.pageState || undefined;
    } while (pageState);
  }

  async write(cql: string, parameters: Parameters, options: WriteOptions): Promise<void> {
    const { at, tidying } = options;
    const query: QueryOptions = {
      consistency: this.#write,
      // Its timestamp is given: twice is the same as once.
      isIdempotent: true,
      timestamp: at,
      ...(tidying && { readTimeout: this.#tidyTimeoutMs }),
    };
    await this.#execute(cql, parameters, query, options);
  }

  async #execute(
    cql: string,
    parameters: Parameters,
    query: QueryOptions,
    { signal }: CallOptions,
  ): Promise<types.ResultSet> {
    throwIfAborted(signal);
    return raceSignal(this.#client.execute(cql, [...parameters], query), signal);
  }

  shutdown(): Promise<void> {
    return this.#client.shutdown();
  }
}
