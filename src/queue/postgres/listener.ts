/** Hears what others publish and forget, on a connection of its own that is made again whenever it is lost. */
import type pg from 'pg';
import { cutOff } from '../../database/postgres-client.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
import { isAborted } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import { metrics } from '../metrics.ts';
import { growingPause, type Timing } from '../timing.ts';

export interface ListenerOptions {
  readonly pool: PostgresPool;
  readonly channel: string;
  readonly timing: Timing;
  readonly log: Log;
  onMessage(message: string): void;
  /** Whatever was said before was not heard. */
  onBegin(): void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A connection that was cut without a word is noticed by asking now and then. */
const PULSE_MS = 15_000;

export class Listener {
  readonly #options: ListenerOptions;
  #listening = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** False while others cannot be heard. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Until the signal aborts. Never rejects: failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { timing, log } = this.#options;
    for (let step = 1; !signal.aborted; step += 1) {
      try {
        await this.#listen(signal, () => {
          step = 1;
        });
      } catch (error) {
        metrics.count('queue_errors', { operation: 'listen' });
        log.warn(
          { err: this.#options.pool.explain(error) },
          'the queue cannot hear what others publish: it looks for itself',
        );
      }
      try {
        await timing.sleep(growingPause(step, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, timing.random), { signal });
      } catch (error) {
        if (!isAborted(error)) throw error;
      }
    }
  }

  /** Until the connection is lost (rejects) or the signal aborts (resolves). */
  async #listen(signal: AbortSignal, begun: () => void): Promise<void> {
    const { pool, channel, onMessage, onBegin } = this.#options;
    const client = pool.dedicated();
    const lost = Promise.withResolvers<never>();
    client.on('error', (error) => lost.reject(error));
    client.on('end', () => lost.reject(new Error('Connection terminated')));
    client.on('notification', ({ payload = '' }) => onMessage(payload));
    const stop = Promise.withResolvers<void>();
    const onAbort = (): void => stop.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const work = async (): Promise<void> => {
        await client.connect();
        await client.query(`listen "${channel}"`);
        this.#listening = true;
        begun();
        onBegin();
        await this.#pulse(client, signal);
      };
      await Promise.race([work(), lost.promise, stop.promise]);
    } finally {
      this.#listening = false;
      signal.removeEventListener('abort', onAbort);
      lost.promise.catch(() => undefined);
      cutOff(client);
    }
  }

  async #pulse(client: pg.Client, signal: AbortSignal): Promise<void> {
    const { timing } = this.#options;
    while (!signal.aborted) {
      try {
        await timing.sleep(PULSE_MS, { signal });
      } catch (error) {
        if (isAborted(error)) return;
        throw error;
      }
      const answered = client.query('select 1').then(() => true);
      const late = timing.sleep(PULSE_MS, { signal }).then(
        () => false,
        () => true,
      );
      if (!(await Promise.race([answered, late]))) throw new Error('Query read timeout');
    }
  }
}
