/**
 * Tells consumers of other processes. Not in the transaction that publishes: NOTIFY makes commits wait for each other,
 * and so would cost each task a sync of its own. What is said again before it was sent is sent once; what is lost is
 * found by looking (`poll_interval`).
 */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { Log } from '../../lib/log.ts';

export class Announcer {
  readonly #pool: PostgresPool;
  readonly #channel: string;
  readonly #log: Log;
  readonly #waiting = new Set<string>();
  #sending: Promise<void> | undefined;

  constructor(pool: PostgresPool, channel: string, log: Log) {
    this.#pool = pool;
    this.#channel = channel;
    this.#log = log;
  }

  say(message: string): void {
    this.#waiting.add(message);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Resolves when everything was sent, or could not be. */
  async close(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    // A turn later, so that those who publish together are told of together.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const messages = [...this.#waiting];
      this.#waiting.clear();
      try {
        await this.#pool.transaction(
          (session) =>
            session.query('select pg_notify($1, message) from unnest($2::text[]) as message', [
              this.#channel,
              messages,
            ]),
          // Nothing in it has to survive anything.
          { lock: 'set local synchronous_commit = off' },
        );
      } catch (error) {
        this.#log.warn(
          { err: error },
          'other consumers could not be told of new tasks: they look for themselves',
        );
      }
    }
  }
}
