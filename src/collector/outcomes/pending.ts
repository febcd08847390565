/** Outcomes that the database does not have yet, in bounded memory: counts, and the last few one by one. */
import { randomBytes } from 'node:crypto';
import type { OutcomeName, UploadOutcome } from './outcome.ts';

export interface CountRow {
  /** Start of the hour, ISO 8601. */
  readonly hour: string;
  readonly outcome: OutcomeName;
  readonly reason: string;
  readonly product: string;
  readonly count: number;
}

export interface RecentRow {
  readonly key: string;
  readonly at: string;
  readonly outcome: OutcomeName;
  readonly reason: string;
  readonly product: string;
  readonly version: string;
  readonly crashId: string | null;
}

export interface OutcomeBatch {
  readonly counts: readonly CountRow[];
  readonly recent: readonly RecentRow[];
}

/** Clients choose product names: this many per hour are counted by name, the others together. */
const PRODUCTS_PER_HOUR = 300;
const OTHER_PRODUCTS = '(other)';
/** Weeks of an outage at a usual variety; some megabytes. */
const MAX_COUNTS = 20_000;

const hourOf = (iso: string): string => `${iso.slice(0, 13)}:00:00.000Z`;
const keyOf = (row: Omit<CountRow, 'count'>): string =>
  JSON.stringify([row.hour, row.outcome, row.reason, row.product]);

export class PendingOutcomes {
  readonly #maxRecent: number;
  readonly #lose: (count: number) => void;
  #counts = new Map<string, CountRow>();
  #recent: RecentRow[] = [];
  #products: { readonly hour: string; readonly names: Set<string> } = { hour: '', names: new Set() };

  constructor(maxRecent: number, lose: (count: number) => void) {
    this.#maxRecent = maxRecent;
    this.#lose = lose;
  }

  get empty(): boolean {
    return this.#counts.size === 0;
  }

  add(outcome: UploadOutcome): void {
    const at = outcome.at.toISOString();
    const hour = hourOf(at);
    const { reason, product, version } = outcome;
    this.#count({ hour, outcome: outcome.outcome, reason, product: this.#bounded(hour, product), count: 1 });
    const key = `${at}-${randomBytes(6).toString('hex')}`;
    const crashId = outcome.crashId ?? null;
    this.#recent.push({ key, at, outcome: outcome.outcome, reason, product, version, crashId });
    this.#trim();
  }

  /** What there is; the pending ones are empty after it. */
  take(): OutcomeBatch {
    const batch = { counts: [...this.#counts.values()], recent: this.#recent };
    this.#counts = new Map();
    this.#recent = [];
    return batch;
  }

  /** Puts back a batch that could not be written; newer ones may have come meanwhile. */
  putBack(batch: OutcomeBatch): void {
    for (const row of batch.counts) this.#count(row);
    this.#recent = [...batch.recent, ...this.#recent];
    this.#trim();
  }

  peek(): OutcomeBatch {
    return { counts: [...this.#counts.values()], recent: this.#recent };
  }

  #bounded(hour: string, product: string): string {
    if (this.#products.hour !== hour) this.#products = { hour, names: new Set() };
    const { names } = this.#products;
    if (!names.has(product)) {
      if (names.size >= PRODUCTS_PER_HOUR) return OTHER_PRODUCTS;
      names.add(product);
    }
    return product;
  }

  #count(row: CountRow): void {
    const key = keyOf(row);
    const known = this.#counts.get(key);
    if (known) this.#counts.set(key, { ...known, count: known.count + row.count });
    else if (this.#counts.size < MAX_COUNTS) this.#counts.set(key, row);
    else this.#lose(row.count);
  }

  #trim(): void {
    // In one go and not one by one: removing the first of a long list moves all others.
    if (this.#recent.length > 2 * this.#maxRecent) this.#recent = this.#recent.slice(-this.#maxRecent);
  }
}
