/** Tasks as rows of PostgreSQL: taken with FOR UPDATE SKIP LOCKED, told of with NOTIFY, shared by any number of processes. */
import { DatabaseError } from '../../database/errors.ts';
import { migrate } from '../../database/migrate.ts';
import { checkServer, postgresDatabase } from '../../database/postgres-database.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { Bell } from '../bell.ts';
import { checkTask } from '../check-task.ts';
import {
  type ConsumeOptions,
  type CrashQueue,
  type CrashTask,
  type DeadSelection,
  type DeadTask,
  type Handler,
  LANES,
  type Lane,
  QueueError,
  type QueueErrorCode,
} from '../contract.ts';
import { Dispatcher, type TaskSource } from '../dispatcher.ts';
import { Lifecycle } from '../lifecycle.ts';
import { metrics } from '../metrics.ts';
import { systemTiming, type Timing } from '../timing.ts';
import { Announcer } from './announcer.ts';
import { Hand, type PostgresClaim } from './hand.ts';
import { Listener } from './listener.ts';
import { Readiness } from './readiness.ts';
import type { PostgresQueueSettings } from './settings.ts';
import { migrationsOf, type Tables } from './tables.ts';
import { TaskTable } from './task-table.ts';

/** How often to look while the connection that would tell us is down. */
const DEAF_MS = 1_000;
const FORGET = 'forget ';

const CODES: Readonly<Record<string, QueueErrorCode>> = {
  aborted: 'aborted',
  closed: 'closed',
  full: 'full',
  invalid: 'invalid',
  permission_denied: 'invalid',
  timeout: 'unavailable',
  unavailable: 'unavailable',
  unsupported: 'invalid',
};

export function toQueueError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  return new QueueError(CODES[error.code] ?? 'internal', error.message, { cause: error });
}

export interface PostgresQueueParts {
  readonly pool: PostgresPool;
  readonly tables: Tables;
  readonly settings: PostgresQueueSettings;
  readonly log: Log;
  readonly timing?: Timing;
}

interface Ear {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Makes the tables when they are not there. The pool is closed with the queue, or when this rejects. */
export async function openPostgresQueue(parts: PostgresQueueParts): Promise<CrashQueue> {
  const { pool, tables } = parts;
  try {
    await checkServer(pool);
    await pool.transaction(
      async (session) => {
        const { rows } = await session.query('select 1 from pg_namespace where nspname = $1', [
          tables.schema,
        ]);
        if (rows.length === 0) await session.query(`create schema "${tables.schema}"`);
      },
      { lock: tables.lock },
    );
    await migrate(postgresDatabase(pool), migrationsOf(tables), { schema: tables.schema });
    return new PostgresQueue({ timing: systemTiming, ...parts });
  } catch (error) {
    await pool.close();
    throw toQueueError(error);
  }
}

class PostgresQueue implements CrashQueue {
  readonly name = 'postgres';
  readonly #pool: PostgresPool;
  readonly #settings: PostgresQueueSettings;
  readonly #log: Log;
  readonly #timing: Timing;
  readonly #bell: Bell;
  readonly #tasks: TaskTable;
  readonly #announcer: Announcer;
  readonly #listener: Listener;
  readonly #ready: Readiness;
  readonly #life = new Lifecycle(toQueueError);
  readonly #hands = new Set<Hand>();
  /** Open while somebody consumes. */
  #ear: Ear | undefined;
  #closing: Promise<void> | undefined;

  constructor({ pool, tables, settings, log, timing }: Required<PostgresQueueParts>) {
    this.#pool = pool;
    this.#settings = settings;
    this.#log = log;
    this.#timing = timing;
    this.#bell = new Bell(timing);
    this.#ready = new Readiness(timing);
    this.#tasks = new TaskTable(pool, tables);
    this.#announcer = new Announcer(pool, tables.channel, log);
    this.#listener = new Listener({
      pool,
      channel: tables.channel,
      timing,
      log,
      onMessage: (message) => this.#hear(message),
      onBegin: () => this.#wake(LANES),
    });
  }

  publish(task: CrashTask, lane: Lane, options?: CallOptions): Promise<void> {
    return this.#life.call(options, async () => {
      checkTask(task, lane);
      await this.#tasks.publish(task, lane);
      metrics.count('queue_published', { lane });
      this.#tell([lane]);
    });
  }

  consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    return this.#life.consume(options.signal, (signal) => this.#consume(handle, { ...options, signal }));
  }

  depth(lane: Lane, options?: CallOptions): Promise<number> {
    return this.#life.call(options, () => this.#tasks.depth(lane, options));
  }

  listDead(options?: CallOptions): AsyncIterable<DeadTask<CrashTask>> {
    return this.#life.iterate(options, () => this.#tasks.listDead(options));
  }

  requeueDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const count = await this.#tasks.requeueDead(which);
      if (count > 0) this.#tell(LANES);
      return count;
    });
  }

  removeDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, () => this.#tasks.removeDead(which));
  }

  forget(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#life.call(options, async () => {
      const found = await this.#tasks.forget(id);
      this.#lose(id);
      if (found) this.#announcer.say(FORGET + id);
      return found;
    });
  }

  health(options?: CallOptions): Promise<void> {
    return this.#life.call(options, () => this.#pool.health(options));
  }

  close(_options?: CallOptions): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#life.close();
    await this.#announcer.close();
    await this.#pool.close();
  }

  async #consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    const hand = new Hand({
      tasks: this.#tasks,
      settings: this.#settings,
      timing: this.#timing,
      log: this.#log,
      onTakenBack: () => this.#tell(LANES),
    });
    this.#hands.add(hand);
    // Leases are kept until the last task in hand was put down, which is after the consumer was told to stop.
    const over = new AbortController();
    const keeping = hand.keep(over.signal);
    this.#ear ??= this.#openEar();
    try {
      await new Dispatcher(
        {
          source: this.#source(hand),
          bell: this.#bell,
          settings: this.#settings,
          timing: this.#timing,
          log: this.#log,
          nameOf: (task: CrashTask) => ({ crashId: task.crashId }),
        },
        handle,
        options,
      ).run();
    } finally {
      over.abort();
      await keeping;
      this.#hands.delete(hand);
      if (this.#hands.size === 0) await this.#closeEar();
    }
  }

  /** One for all consumers of this object: the bell wakes them. */
  #openEar(): Ear {
    const stop = new AbortController();
    return { stop, ended: this.#listener.run(stop.signal) };
  }

  async #closeEar(): Promise<void> {
    const ear = this.#ear;
    this.#ear = undefined;
    ear?.stop.abort();
    await ear?.ended;
  }

  #source(hand: Hand): TaskSource<CrashTask, PostgresClaim> {
    return {
      take: (lane) => this.#take(hand, lane),
      idleMs: () => Math.min(this.#ready.idleMs(LANES), this.#lookAfterMs),
      done: (claim) => hand.letGo(claim, (key) => this.#tasks.done(key)),
      retry: async (claim, delayMs, used) => {
        const isOurs = await hand.letGo(claim, (key) => this.#tasks.retry(key, used, delayMs));
        this.#wake([claim.lane]);
        return isOurs;
      },
      release: async (claim) => {
        const isOurs = await hand.letGo(claim, (key) => this.#tasks.release(key));
        this.#tell([claim.lane]);
        return isOurs;
      },
      bury: (claim, reason) => hand.letGo(claim, (key) => this.#tasks.bury(key, claim.attempt, reason)),
      hold: (claim, held) => hand.hold(claim, held),
      wait: (claim, waiting) => hand.hold(claim, waiting),
    };
  }

  get #lookAfterMs(): number {
    const { poll_interval } = this.#settings;
    return this.#listener.listening ? poll_interval : Math.min(DEAF_MS, poll_interval);
  }

  async #take(hand: Hand, lane: Lane): Promise<PostgresClaim | undefined> {
    if (this.#ready.isEmpty(lane)) return undefined;
    const heard = this.#ready.heard(lane);
    const claim = await hand.take(lane);
    if (claim) return claim;
    const nextDue = (await this.#tasks.nextDueMs(lane)) ?? Number.POSITIVE_INFINITY;
    this.#ready.foundEmpty(lane, heard, Math.max(0, Math.min(nextDue, this.#lookAfterMs)));
    return undefined;
  }

  /** The consumers of this object at once, those of others through the server. */
  #tell(lanes: readonly Lane[]): void {
    this.#wake(lanes);
    for (const lane of lanes) this.#announcer.say(lane);
  }

  #wake(lanes: readonly Lane[]): void {
    for (const lane of lanes) this.#ready.mayHave(lane);
    this.#bell.ring();
  }

  #hear(message: string): void {
    if (message.startsWith(FORGET)) this.#lose(message.slice(FORGET.length));
    else this.#wake(LANES.filter((lane) => lane === message));
  }

  #lose(id: string): void {
    for (const hand of this.#hands) hand.lose((claim) => claim.task.crashId === id, 'the crash was removed');
  }
}
