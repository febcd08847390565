/** Bounded concurrency: nothing in this program starts an unbounded number of things at once. */

/** With no place at all nothing would ever be done, and nobody told. */
function checkLimit(limit: number): void {
  if (!(limit >= 1)) throw new RangeError(`concurrency must be at least 1, not ${limit}`);
}

/** Runs at most `limit` tasks at a time; the others wait in order. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    checkLimit(limit);
    this.#free = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * Like `Promise.all(items.map(work))` with at most `limit` at once. After a failure no new item is started;
 * it rejects with the first error once those in hand have settled.
 */
export async function mapConcurrent<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  checkLimit(limit);
  const results: R[] = [];
  const failures: unknown[] = [];
  const all = Array.from(items);
  const entries = all.entries();
  async function worker(): Promise<void> {
    for (const [index, item] of entries) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
