/** What a consumer does while engines are down: nothing, without asking more and more often. */
import { isAborted } from '../lib/abort.ts';
import type { Log } from '../lib/log.ts';
import { metrics } from './metrics.ts';
import { growingPause, type Timing } from './timing.ts';

export interface PauseOptions {
  readonly base: number;
  readonly cap: number;
  readonly timing: Timing;
  readonly log: Log;
  /** Ends the pause at once. */
  readonly signal: AbortSignal;
  readonly resume?: ((options: { readonly signal: AbortSignal }) => Promise<void>) | undefined;
}

export class Pause {
  readonly #options: PauseOptions;
  #running: Promise<void> | undefined;
  /** Pauses since something last went well. */
  #inARow = 0;

  constructor(options: PauseOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves at once unless a pause is on; never rejects. */
  async over(): Promise<void> {
    while (this.#running && !this.#options.signal.aborted) await this.#running;
  }

  /** The engines are down, says a handler. Resolves when they may be tried again; never rejects. */
  begin(reason: string): Promise<void> {
    this.#running ??= this.#pause(reason).finally(() => {
      this.#running = undefined;
      metrics.set('queue_paused', 0);
    });
    return this.#running;
  }

  /** A task went through: the next pause is short again. */
  wentWell(): void {
    this.#inARow = 0;
  }

  async #pause(reason: string): Promise<void> {
    const { timing, log, signal, resume, base, cap } = this.#options;
    this.#inARow += 1;
    metrics.set('queue_paused', 1);
    log.warn({ reason, inARow: this.#inARow }, 'an engine is down: the consumer pauses');
    let isBack = false;
    try {
      await resume?.({ signal });
      isBack = resume !== undefined;
    } catch (error) {
      if (!isAborted(error)) log.warn({ err: error }, 'waiting for the engines failed; pausing instead');
    }
    // Health that says yes while saving says no must not turn the same task round and round.
    if (isBack && this.#inARow === 1) return;
    try {
      await timing.sleep(growingPause(this.#inARow, base, cap, timing.random), { signal });
    } catch (error) {
      if (!isAborted(error)) throw error;
    }
  }
}
