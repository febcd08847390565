/** Lists of several stores as one, at bounded memory. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { combine } from '../errors.ts';

/** About 60 MB of ids; a busier day is read in several passes. */
const HELD_IDS = 500_000;

/** The start of an id as a number: spreads ids evenly over [0, 2^32). */
const positionOf = (id: CrashId): number => Number.parseInt(id.slice(0, 8), 16);

const POSITIONS = 2 ** 32;

interface Pass {
  readonly ids: Set<CrashId>;
  /** Where the next pass begins. */
  readonly end: number;
}

/** Collects ids from `start` on; when they become too many, gives up the upper half of its range. */
async function collectPass(
  lists: readonly (() => AsyncIterable<CrashId>)[],
  start: number,
  limit: number,
  failures: Map<number, unknown>,
  options: CallOptions | undefined,
): Promise<Pass> {
  let end = POSITIONS;
  let ids = new Set<CrashId>();
  for (const [index, list] of lists.entries()) {
    try {
      for await (const id of list()) {
        const position = positionOf(id);
        if (position < start || position >= end) continue;
        ids.add(id);
        while (ids.size > limit && end - start > 1) {
          end = start + Math.ceil((end - start) / 2);
          const kept = end;
          ids = new Set([...ids].filter((held) => positionOf(held) < kept));
        }
      }
    } catch (error) {
      throwIfAborted(options?.signal);
      failures.set(index, error);
    }
  }
  return { ids, end };
}

/**
 * Every id of any list once, each list read once per pass. An id that is in some list all the time comes out, also
 * when it is moved from one to another meanwhile. A list that fails is reported at the end, after all that could be read.
 */
export async function* unionOfIds(
  name: string,
  lists: readonly (() => AsyncIterable<CrashId>)[],
  options?: CallOptions,
  limit: number = HELD_IDS,
): AsyncGenerator<CrashId, void, undefined> {
  const failures = new Map<number, unknown>();
  for (let start = 0; start < POSITIONS; ) {
    const { ids, end } = await collectPass(lists, start, limit, failures, options);
    yield* ids;
    start = end;
  }
  if (failures.size > 0) throw combine(name, [...failures.values()]);
}

/** Sorted lists as one sorted list without duplicates; holds one key of each. */
export async function* mergeSorted(
  lists: readonly AsyncIterable<string>[],
): AsyncGenerator<string, void, undefined> {
  const iterators = lists.map((list) => list[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      const keys = heads.filter((head) => !head.done).map((head) => head.value as string);
      if (keys.length === 0) return;
      const least = keys.sort()[0] as string;
      yield least;
      for (const [i, iterator] of iterators.entries()) {
        const head = heads[i];
        if (!head?.done && head?.value === least) heads[i] = await iterator.next();
      }
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}
