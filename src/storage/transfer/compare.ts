/** Whether those who read the target back have what the source has. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import { can, type FullStore } from '../contract.ts';
import { codeOf } from '../errors.ts';
import type { Difference } from './outcome.ts';
import { dumpPart, dumpsOf, type Part, processedPart, rawPart, unlessMissing } from './parts.ts';
import { Rate } from './rate.ts';
import type { Reader, Route } from './route.ts';

/** What the source has of a crash. */
export interface Held {
  readonly raw: RawCrash | undefined;
  /** Raw crash and dumps; undefined when reports are not looked at, or there is none. */
  readonly report: readonly Part[] | undefined;
  readonly processed: ProcessedCrash | undefined;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly uncompared: number;
}

const UNLIMITED = new Rate(undefined);

/** A report as parts; undefined when the store has none. */
export async function readReport(
  store: FullStore,
  id: CrashId,
  rate: Rate | undefined,
  options: CallOptions,
): Promise<{ readonly raw: RawCrash; readonly parts: readonly Part[] } | undefined> {
  const raw = await unlessMissing(store.readRaw(id, options));
  if (!raw) return undefined;
  const dumps = await unlessMissing(dumpsOf(store, id, options));
  if (!dumps) return undefined;
  const parts = [rawPart(raw)];
  for (const dump of dumps) parts.push(await dumpPart(dump, rate ?? UNLIMITED, options));
  return { raw, parts };
}

function compareReports(
  id: CrashId,
  store: string,
  wanted: readonly Part[],
  found: readonly Part[] | undefined,
): Difference[] {
  if (!found) return wanted.length > 0 ? [{ id, part: 'raw', store, what: 'missing' }] : [];
  const there = new Map(found.map((part) => [part.part, part.sha256]));
  const differences: Difference[] = [];
  for (const { part, sha256 } of wanted) {
    const other = there.get(part);
    there.delete(part);
    if (other === undefined) differences.push({ id, part, store, what: 'missing' });
    else if (other !== sha256) differences.push({ id, part, store, what: 'different' });
  }
  for (const part of there.keys()) differences.push({ id, part, store, what: 'extra' });
  return differences;
}

const couldNotRead = (id: CrashId, part: string, { store }: Reader, error: unknown): Difference => ({
  id,
  part,
  store: store.name,
  what: 'failed',
  why: error instanceof Error ? error.message : String(error),
});

const OF_THE_CRASH: ReadonlySet<string> = new Set(['not_found', 'invalid', 'corrupt', 'internal']);

/** False for what would befall every crash: an outage, a right that is missing, a stop. */
export const isOfTheCrash = (error: unknown): boolean => OF_THE_CRASH.has(codeOf(error) ?? '');

export class Comparer {
  readonly #route: Route;
  readonly #bothWays: boolean;

  /** `bothWays`: what the target has and the source has not is a difference, too. */
  constructor(route: Route, bothWays = false) {
    this.#route = route;
    this.#bothWays = bothWays;
  }

  /** Rejects when a store is down. */
  async compare(id: CrashId, held: Held, options: CallOptions): Promise<Comparison> {
    const differences: Difference[] = [];
    let uncompared = 0;
    const { report, processed } = held;
    if (report || (this.#bothWays && this.#route.reports)) {
      const readers = this.#route.readers.filter(({ store }) => can(store, 'raw.read', 'dumps.read'));
      if (readers.length === 0) uncompared += report?.length ?? 0;
      for (const reader of readers)
        differences.push(...(await this.#report(id, report ?? [], reader, options)));
    }
    if (processed || (this.#bothWays && this.#route.processed)) {
      const readers = this.#route.readers.filter(({ store }) => can(store, 'processed.read'));
      if (readers.length === 0) uncompared += processed ? 1 : 0;
      for (const reader of readers)
        differences.push(...(await this.#processed(id, processed, reader, options)));
    }
    return { differences, uncompared };
  }

  async #report(
    id: CrashId,
    wanted: readonly Part[],
    reader: Reader,
    options: CallOptions,
  ): Promise<Difference[]> {
    try {
      const found = await readReport(reader.store, id, undefined, options);
      return compareReports(id, reader.store.name, wanted, found?.parts);
    } catch (error) {
      if (!isOfTheCrash(error)) throw error;
      return [couldNotRead(id, 'raw', reader, error)];
    }
  }

  async #processed(
    id: CrashId,
    wanted: ProcessedCrash | undefined,
    reader: Reader,
    options: CallOptions,
  ): Promise<Difference[]> {
    const redacted = [...this.#route.redacted, ...reader.redacted];
    const store = reader.store.name;
    try {
      const found = await unlessMissing(reader.store.readProcessed(id, options));
      if (!found) return wanted ? [{ id, part: 'processed', store, what: 'missing' }] : [];
      if (!wanted) return [{ id, part: 'processed', store, what: 'extra' }];
      const same = processedPart(found, redacted).sha256 === processedPart(wanted, redacted).sha256;
      return same ? [] : [{ id, part: 'processed', store, what: 'different' }];
    } catch (error) {
      if (!isOfTheCrash(error)) throw error;
      return [couldNotRead(id, 'processed', reader, error)];
    }
  }
}
