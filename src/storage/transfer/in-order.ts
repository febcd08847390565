/** Works on several things at once and hands the results on in the order of the things. */
import { Semaphore } from '../../lib/concurrency.ts';

/** Results that wait for an earlier one, for each that is worked on. */
const AHEAD = 8;

/**
 * At most `concurrency` of `work` at once; `deliver` is called for one after the other. After a failure nothing new is
 * started, and it rejects with the first failure in order once those in hand have settled; what comes before it was delivered.
 */
export async function inOrder<T, R>(
  things: Iterable<T>,
  concurrency: number,
  work: (thing: T) => Promise<R>,
  deliver: (result: R) => Promise<void>,
): Promise<void> {
  const semaphore = new Semaphore(concurrency);
  const waiting: Promise<R>[] = [];
  let failed = false;
  const start = (thing: T): Promise<R> =>
    semaphore.run(async () => {
      if (failed) throw new Error('not started: an earlier one failed');
      return work(thing);
    });
  const next = async (): Promise<void> => deliver(await (waiting.shift() as Promise<R>));
  try {
    for (const thing of things) {
      if (waiting.length >= concurrency * AHEAD) await next();
      const working = start(thing);
      working.catch(() => {
        failed = true;
      });
      waiting.push(working);
    }
    while (waiting.length > 0) await next();
  } finally {
    failed = true;
    await Promise.allSettled(waiting);
  }
}
