/** Remembers that a store is down, so that an outage costs one time-out and not one for each crash. */
import type { Clock } from '../../../lib/clock.ts';
import { AggregateStorageError, codeOf, type StorageErrorCode } from '../../errors.ts';

export interface BreakerOptions {
  readonly clock: Clock;
  /** The first pause after a failure; each further failure doubles it. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

/** Errors that say that the store is down. A full disk still reads, and refuses at once. */
const DOWN: ReadonlySet<StorageErrorCode> = new Set(['unavailable', 'timeout', 'rate_limited']);
/** Errors that a store can only give while it is up. The others may come from the caller's side. */
const ANSWERS: ReadonlySet<StorageErrorCode> = new Set([
  'not_found',
  'permission_denied',
  'full',
  'corrupt',
  'unsupported',
]);

/** A container is down when all that it asked is: one of several that answered, if only `not_found`, may have the next. */
function isDown(error: unknown): boolean {
  if (error instanceof AggregateStorageError) return error.errors.every(isDown);
  return DOWN.has(codeOf(error) ?? 'internal');
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #changed: (down: boolean) => void;
  #failures = 0;
  #until = 0;
  #probing = false;
  #error: unknown;

  constructor(options: BreakerOptions, changed: (down: boolean) => void) {
    this.#options = options;
    this.#changed = changed;
  }

  get down(): boolean {
    return this.#failures > 0;
  }

  /** What the store said last while it was down. */
  get error(): unknown {
    return this.#error;
  }

  /** Whether a call may go to the store now. After a pause one call tries it, and the others wait for what it finds. */
  enter(): boolean {
    if (!this.down) return true;
    if (this.#probing || this.#isPausing(this.#options.clock.now().getTime())) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#probing = false;
    if (!this.down) return;
    this.#failures = 0;
    this.#error = undefined;
    this.#changed(false);
  }

  failed(error: unknown): void {
    if (!isDown(error)) {
      if (ANSWERS.has(codeOf(error) ?? 'internal')) this.succeeded();
      else this.released();
      return;
    }
    // Calls that were under way together when it went down are one failure.
    const first = !this.down;
    const now = this.#options.clock.now().getTime();
    if (!first && !this.#probing && this.#isPausing(now)) return;
    this.#probing = false;
    this.#failures += 1;
    this.#error = error;
    this.#until = now + Math.min(this.#options.pauseMs * 2 ** (this.#failures - 1), this.#options.maxPauseMs);
    if (first) this.#changed(true);
  }

  /** More than the longest pause is left only when the clock was set back meanwhile. */
  #isPausing(now: number): boolean {
    const left = this.#until - now;
    return left > 0 && left <= this.#options.maxPauseMs;
  }

  /** The call ended without saying anything about the store: it was given up by the caller. */
  released(): void {
    this.#probing = false;
  }
}
