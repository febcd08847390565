/** Waiting and stopping: everything that waits takes `{ signal }` last and ends when it aborts. */
import { setTimeout as delay } from 'node:timers/promises';

/** Raised by our own waits when the caller's signal aborts; `cause` is the signal's reason. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  readonly code = 'aborted';
}

export function throwIfAborted(signal?: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError('aborted', { cause: signal.reason });
}

export const isAborted = (error: unknown): boolean =>
  error instanceof Error && ((error as { code?: unknown }).code === 'aborted' || error.name === 'AbortError');

/** Longer timers fire at once (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args), so they are cut up. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`, however long that is; rejects with `AbortedError` as soon as the signal aborts. */
export async function sleep(
  ms: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  throwIfAborted(options.signal);
  try {
    for (let left = ms; ; left -= LONGEST_TIMER_MS) {
      await delay(
        Math.min(left, LONGEST_TIMER_MS),
        undefined,
        options.signal ? { signal: options.signal } : {},
      );
      if (left <= LONGEST_TIMER_MS) return;
    }
  } catch (error) {
    throw new AbortedError('aborted', { cause: error });
  }
}

/** The promise's result, or `AbortedError` when the signal is first. What happens to the work behind it is the caller's matter. */
export async function raceSignal<T>(work: Promise<T>, signal?: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  if (signal.aborted) work.catch(() => undefined);
  throwIfAborted(signal);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(new AbortedError('aborted', { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
