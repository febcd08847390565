/** Clocks for tests. */
import { AbortedError, throwIfAborted } from '../../src/lib/abort.ts';
import type { CallOptions } from '../../src/model/report.ts';
import type { Timing } from '../../src/queue/timing.ts';

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** A clock that stands until it is moved. */
export class ManualTiming implements Timing {
  readonly #start: number;
  #elapsed = 0;
  #sleepers: Sleeper[] = [];
  /** Every pause that was asked for, in milliseconds. */
  readonly pauses: number[] = [];

  constructor(start = Date.UTC(2026, 10, 21, 12, 0, 0)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  random(): number {
    return 0.999_999;
  }

  async sleep(ms: number, { signal }: CallOptions = {}): Promise<void> {
    throwIfAborted(signal);
    this.pauses.push(ms);
    const woken = Promise.withResolvers<void>();
    const sleeper = { until: this.#elapsed + ms, wake: woken.resolve };
    const onAbort = (): void => woken.reject(new AbortedError('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#sleepers.push(sleeper);
    this.slept();
    try {
      await woken.promise;
    } finally {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  advance(ms: number): void {
    this.#elapsed += ms;
    for (const sleeper of this.#sleepers) if (sleeper.until <= this.#elapsed) sleeper.wake();
  }

  /** To the end of the pause that ends first. */
  advanceToNext(): void {
    const next = Math.min(...this.#sleepers.map((sleeper) => sleeper.until));
    if (Number.isFinite(next)) this.advance(Math.max(0, next - this.#elapsed));
  }

  protected slept(): void {}
}

/** A clock that jumps to the end of the next pause as soon as everybody sleeps or waits for the disk. */
export class JumpingTiming extends ManualTiming {
  #isScheduled = false;

  protected override slept(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.advanceToNext();
    });
  }
}
