/** The crash ids of a period in order of day and id, a page at a time, whatever order the stores list them in. */
import { createHash } from 'node:crypto';
import { DAY_MS, isoDay } from '../../lib/clock.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { CrashStorage } from '../contract.ts';

/** About 20 MB of ids; a busier day is listed more than once. */
const PAGE_IDS = 100_000;

type Lister = CrashStorage<'list'>;

/** Days from `since` to `until`, both included. */
export function daysBetween(since: string, until: string): readonly string[] {
  const days: string[] = [];
  const last = Date.parse(`${until}T00:00:00Z`);
  for (let at = Date.parse(`${since}T00:00:00Z`); at <= last; at += DAY_MS) days.push(isoDay(new Date(at)));
  return days;
}

/** The smallest of what is added, at most `most` of them, none twice. */
class Smallest {
  readonly #most: number;
  readonly #compare: (a: CrashId, b: CrashId) => number;
  #held: CrashId[] = [];
  #dropped = false;

  constructor(most: number, compare: (a: CrashId, b: CrashId) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(id: CrashId): void {
    this.#held.push(id);
    if (this.#held.length >= 2 * this.#most) this.#trim();
  }

  /** Sorted. */
  take(): IdPage {
    this.#trim();
    return { ids: this.#held, more: this.#dropped };
  }

  #trim(): void {
    const unique = [...new Set(this.#held)].sort(this.#compare);
    if (unique.length > this.#most) this.#dropped = true;
    this.#held = unique.slice(0, this.#most);
  }
}

const byText = (a: CrashId, b: CrashId): number => (a < b ? -1 : Number(a > b));

export interface IdPage {
  readonly ids: readonly CrashId[];
  /** There are later ones: ask again with the last of these. */
  readonly more: boolean;
}

/** Ids of a day that come after `after`, of any of the stores, sorted. An id that is there all the time comes out once. */
export async function idPage(
  stores: readonly Lister[],
  day: string,
  after: string,
  options: CallOptions,
  most: number = PAGE_IDS,
): Promise<IdPage> {
  const smallest = new Smallest(most, byText);
  for (const store of stores)
    for await (const id of store.list(day, options)) if (id > after) smallest.add(id);
  return smallest.take();
}

/** Where an id falls in [0, 1), the same in every run. */
const placeOf = (id: CrashId): number => createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32;

export type Sample = { readonly percent: number } | { readonly count: number };

/** Which ids belong to a sample; a count is spread over the whole period and needs all its lists first. */
export async function sampler(
  sample: Sample,
  stores: readonly Lister[],
  days: readonly string[],
  options: CallOptions,
): Promise<(id: CrashId) => boolean> {
  if ('percent' in sample) return (id) => placeOf(id) * 100 < sample.percent;
  const smallest = new Smallest(sample.count, (a, b) => placeOf(a) - placeOf(b) || byText(a, b));
  for (const day of days)
    for (const store of stores) for await (const id of store.list(day, options)) smallest.add(id);
  const chosen = new Set(smallest.take().ids);
  return (id) => chosen.has(id);
}
