/**
 * Connections to PostgreSQL. Whoever opens the same URL with the same time-outs in one process shares one pool, which
 * ends when the last of them closes it: a store, the queue and the database of one installation are one set of
 * connections, and the server's limit is counted once.
 */
import pg from 'pg';
import { isAborted, raceSignal, throwIfAborted } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import type { CallOptions } from '../model/report.ts';
import { DatabaseError } from './errors.ts';
import { OpenCalls } from './open-calls.ts';
import { clientConfig, cutOff } from './postgres-client.ts';
import { fromPostgres, type PostgresPlace } from './postgres-errors.ts';
import { type Answer, PostgresSession } from './postgres-session.ts';
import type { PostgresSettings, SettingLabel } from './postgres-settings.ts';
import { type PostgresAddress, parsePostgresUrl } from './postgres-url.ts';
import { Slots } from './slots.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly settings: PostgresSettings;
  readonly label: SettingLabel;
  readonly log: Log;
}

export interface ConnectionOptions extends CallOptions {
  /** A connection of its own beside the pool: for what takes long. Closed when the work has ended. */
  readonly single?: boolean;
}

export interface TransactionOptions extends ConnectionOptions {
  /** SQL that runs first, sent together with `begin`. */
  readonly lock?: string;
}

export interface CheckedOut {
  readonly session: PostgresSession;
  release(): void;
}

interface Shared {
  readonly key: string;
  readonly pool: pg.Pool;
  /** As many as the pool has: waiting for others is not waiting for the server, and has another limit. */
  readonly slots: Slots;
  users: number;
}

const open = new Map<string, Shared>();

function keyOf(address: PostgresAddress, settings: PostgresSettings): string {
  const { pool_size: _, ...rest } = settings;
  return JSON.stringify([address, rest]);
}

function share(
  config: pg.ClientConfig,
  key: string,
  size: number,
  address: PostgresAddress,
  log: Log,
): Shared {
  const known = open.get(key);
  if (known) {
    known.users += 1;
    // `pg` looks at it whenever it makes a connection.
    (known.pool.options as { max: number }).max = Math.max(known.pool.options.max, size);
    known.slots.grow(size);
    return known;
  }
  const pool = new pg.Pool({ ...config, max: size });
  const shared: Shared = { key, pool, slots: new Slots(size), users: 1 };
  // A server that goes away ends idle connections: an event without a listener would end the process.
  pool.on('error', (err) => log.warn({ err, database: address.label }, 'an idle connection was lost'));
  // In use it is not the pool that listens; the statement under way is what reports it.
  pool.on('connect', (client) => client.on('error', () => undefined));
  open.set(key, shared);
  return shared;
}

export class PostgresPool {
  readonly address: PostgresAddress;
  readonly settingLabel: SettingLabel;
  readonly #place: PostgresPlace;
  readonly #config: pg.ClientConfig;
  readonly #shared: Shared;
  /** How long to wait for others: about as long as those in front may take. */
  readonly #waitMs: number;
  readonly #calls: OpenCalls;

  /** Throws `invalid` when the settings are wrong. Connects when it is first asked. */
  constructor({ url, settings, label, log }: PostgresOptions) {
    this.address = parsePostgresUrl(url, settings, label);
    this.settingLabel = label;
    this.#calls = new OpenCalls(this.address.label);
    this.#place = { address: this.address, label };
    if (settings.pool_size < 1) throw new DatabaseError('invalid', `${label('pool_size')} must be 1 or more`);
    this.#config = clientConfig(this.address, settings, label);
    this.#waitMs =
      settings.statement_timeout === 0 ? 0 : settings.statement_timeout + settings.connect_timeout;
    const key = keyOf(this.address, settings);
    this.#shared = share(this.#config, key, settings.pool_size, this.address, log);
  }

  get label(): string {
    return this.address.label;
  }

  /** A statement on any connection. When the signal aborts the caller is answered at once; the statement runs to its end. */
  query<R extends object = Readonly<Record<string, unknown>>>(
    text: string,
    values?: readonly unknown[],
    { signal }: CallOptions = {},
  ): Promise<Answer<R>> {
    return this.#calls.run(() => this.#withSession((session) => session.query<R>(text, values), {}), signal);
  }

  /** The same for a `select` of one `bytea` column and no parameters, whose bytes come as they are. */
  bytes(select: string, { signal }: CallOptions = {}): Promise<readonly Buffer[]> {
    return this.#calls.run(() => this.#withSession((session) => session.bytes(select), {}), signal);
  }

  /** Runs `work` with a connection to itself, which is given back or closed however it ends. */
  withSession<T>(
    work: (session: PostgresSession) => Promise<T>,
    options: ConnectionOptions = {},
  ): Promise<T> {
    return this.#calls.run(() => this.#withSession(work, options));
  }

  /** The same in a transaction: committed when `work` resolves, undone when it rejects or the signal aborts before the commit. */
  transaction<T>(
    work: (session: PostgresSession) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const { lock } = options;
    return this.withSession(async (session) => {
      await session.query(lock === undefined ? 'begin' : `begin; ${lock}`);
      let result: T;
      try {
        result = await work(session);
        throwIfAborted(options.signal);
      } catch (error) {
        await session.rollback();
        throw error;
      }
      const command = await session.control('commit');
      if (command === 'COMMIT') return result;
      throw new DatabaseError('internal', `${this.label}: the transaction had failed before its end`);
    }, options);
  }

  /** For who keeps a connection of his own (LISTEN): not connected yet, closed by the caller. */
  dedicated(): pg.Client {
    return new pg.Client({ ...this.#config, query_timeout: 0, statement_timeout: 0 });
  }

  /** Any failure as a `DatabaseError` or `AbortedError`. */
  explain(error: unknown): Error {
    return fromPostgres(this.#place, error);
  }

  /** Rejects unless the server answers and takes writes. */
  async health(options: CallOptions = {}): Promise<void> {
    const { rows } = await this.query<{ readonly transaction_read_only: string }>(
      'show transaction_read_only',
      [],
      options,
    );
    if (rows[0]?.transaction_read_only === 'on')
      throw new DatabaseError(
        'unavailable',
        `${this.label}: this server takes no writes; let ${this.settingLabel('url')} name the primary`,
      );
  }

  /** Checks a connection out until `release` is called, for Kysely. */
  async checkOut(): Promise<CheckedOut> {
    this.#calls.ensureOpen();
    const over = this.#calls.hold();
    try {
      const client = await this.#acquire(undefined);
      const session = new PostgresSession(client, this.#place);
      return {
        session,
        release: () => {
          this.#release(client, session.broken);
          over();
        },
      };
    } catch (error) {
      over();
      throw this.explain(error);
    }
  }

  /** Waits for calls in hand. May be called twice; calls after it reject with `closed`. */
  close(): Promise<void> {
    return this.#calls.close(() => this.#leave());
  }

  /** The last one out ends the connections. */
  async #leave(): Promise<void> {
    this.#shared.users -= 1;
    if (this.#shared.users > 0) return;
    open.delete(this.#shared.key);
    await this.#shared.pool.end();
  }

  async #withSession<T>(
    work: (session: PostgresSession) => Promise<T>,
    { signal, single }: ConnectionOptions,
  ): Promise<T> {
    if (single) return this.#withSingle(work, signal);
    const client = await this.#acquire(signal).catch((error: unknown) => {
      throw this.explain(error);
    });
    const session = new PostgresSession(client, this.#place, signal);
    try {
      return await work(session);
    } finally {
      this.#release(client, session.broken);
    }
  }

  async #withSingle<T>(
    work: (session: PostgresSession) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    throwIfAborted(signal);
    const client = new pg.Client(this.#config);
    client.on('error', () => undefined);
    const session = new PostgresSession(client, this.#place, signal);
    try {
      await client.connect().catch((error: unknown) => {
        throw this.explain(error);
      });
      return await work(session);
    } finally {
      if (session.broken) cutOff(client);
      else await client.end().catch(() => cutOff(client));
    }
  }

  /** A connection that comes after the signal is given back. */
  async #acquire(signal: AbortSignal | undefined): Promise<pg.PoolClient> {
    const { slots, pool } = this.#shared;
    if (!(await slots.take(this.#waitMs, signal)))
      throw new DatabaseError(
        'unavailable',
        `${this.label}: all connections were in use for too long; raise ${this.settingLabel('pool_size')}`,
      );
    let connecting: Promise<pg.PoolClient> | undefined;
    try {
      connecting = pool.connect();
      return await raceSignal(connecting, signal);
    } catch (error) {
      if (connecting && isAborted(error)) connecting.then((late) => late.release()).catch(() => undefined);
      slots.free();
      throw error;
    }
  }

  #release(client: pg.PoolClient, broken: boolean): void {
    client.release(broken);
    if (broken) cutOff(client);
    this.#shared.slots.free();
  }
}
