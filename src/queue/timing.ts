/** The time a queue lives by, passed in so that tests own it. */
import { sleep } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';

export interface Timing {
  /** Wall clock, milliseconds since 1970: what is written into task names. */
  now(): number;
  /** Milliseconds on a clock that is never set: what leases are judged by. */
  elapsed(): number;
  /** Rejects with `AbortedError` when the signal aborts first. */
  sleep(ms: number, options?: CallOptions): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep,
  random: () => Math.random(),
};

/** `base`, doubled for each step after the first, at most `cap`; spread over its upper half so that not all come at once. */
export function growingPause(step: number, base: number, cap: number, random: () => number): number {
  const full = Math.min(cap, base * 2 ** Math.min(step - 1, 40));
  return Math.round(full * (0.5 + random() / 2));
}
