/** Takes single crashes from one store to another: copies, compares, moves. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash, Report } from '../../model/report.ts';
import { can } from '../contract.ts';
import { StorageError } from '../errors.ts';
import { Comparer, type Held, isOfTheCrash, readReport } from './compare.ts';
import type { CrashOutcome, Difference } from './outcome.ts';
import { dumpsOf, type Part, passing, processedPart, rawPart, unlessMissing } from './parts.ts';
import type { Rate } from './rate.ts';
import type { Route } from './route.ts';

const storeOf = (error: unknown): string | undefined =>
  error instanceof StorageError ? error.store : undefined;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Source extends Held {
  readonly id: CrashId;
}

export class Carrier {
  readonly #route: Route;
  readonly #rate: Rate;

  constructor(route: Route, rate: Rate) {
    this.#route = route;
    this.#rate = rate;
  }

  /** Replaces what the target has, then compares. Rejects only when a store is down, closed, or the signal aborts. */
  copy(id: CrashId, options: CallOptions): Promise<CrashOutcome> {
    return this.#careful(id, async () => {
      const raw = await unlessMissing(this.#route.from.readRaw(id, options));
      const report = raw && this.#route.reports ? await this.#copyReport(raw, options) : undefined;
      const processed = await this.#readProcessed(id, options);
      if (!raw && !processed) return this.#empty(id);
      const homeless = processed ? await this.#saveProcessed(id, raw, processed, options) : [];
      const source: Source = { id, raw, report, processed: homeless.length > 0 ? undefined : processed };
      const outcome = await this.#compared(source, new Comparer(this.#route), options);
      return { ...outcome, differences: [...homeless, ...outcome.differences] };
    });
  }

  /** Changes nothing. `bothWays`: what only the second store has is a difference, too. */
  compare(id: CrashId, bothWays: boolean, options: CallOptions): Promise<CrashOutcome> {
    return this.#careful(id, async () => {
      const source = await this.#read(id, options);
      if (!source.raw && !source.processed && !bothWays) return this.#empty(id);
      return this.#compared(source, new Comparer(this.#route, bothWays), options);
    });
  }

  /**
   * Brings a crash to a target that may have it already, and never overwrites another crash or a newer result there.
   * With `remove` it is taken out of the source when all of it was found in the target.
   */
  move(id: CrashId, remove: boolean, options: CallOptions): Promise<CrashOutcome> {
    return this.#careful(id, async () => {
      const source = await this.#read(id, options);
      // Another who moves the same crashes was first, or it was erased.
      if (!source.raw && !source.processed) return this.#outcome(source, []);
      const conflict = await this.#conflict(source, options);
      if (conflict) return this.#outcome(source, [conflict]);
      const comparer = new Comparer(this.#route);
      const wanted = await this.#withoutOutdated(source, options);
      let found = await comparer.compare(id, wanted, options);
      if (found.differences.length > 0 || found.uncompared > 0) {
        const homeless = await this.#save(wanted, options);
        if (homeless.length > 0) return this.#outcome(source, homeless);
        found = await comparer.compare(id, wanted, options);
      }
      const { differences, uncompared } = found;
      const left = remove ? this.#leftBehind(source, uncompared) : [];
      if (!remove || differences.length + left.length > 0)
        return { ...this.#outcome(source, [...differences, ...left]), uncompared };
      return this.#takeOut(source, options);
    });
  }

  /** What belongs to this crash alone becomes a difference: one bad crash does not stop the others. */
  async #careful(id: CrashId, work: () => Promise<CrashOutcome>): Promise<CrashOutcome> {
    const store = this.#route.from.name;
    try {
      return await work();
    } catch (error) {
      if (!isOfTheCrash(error)) throw error;
      const failure: Difference = {
        id,
        part: 'crash',
        store: storeOf(error) ?? store,
        what: 'failed',
        why: messageOf(error),
      };
      return { id, parts: [], differences: [failure], uncompared: 0, removed: false };
    }
  }

  async #compared(source: Source, comparer: Comparer, options: CallOptions): Promise<CrashOutcome> {
    const found = await comparer.compare(source.id, source, options);
    return { ...this.#outcome(source, found.differences), uncompared: found.uncompared };
  }

  /** Erased since it was listed, or a list that is wrong: both are to be known. */
  #empty(id: CrashId): CrashOutcome {
    const why = 'it is listed, and nothing of it is there';
    const missing: Difference = { id, part: 'crash', store: this.#route.from.name, what: 'missing', why };
    return { id, parts: [], differences: [missing], uncompared: 0, removed: false };
  }

  #outcome(source: Source, differences: readonly Difference[]): CrashOutcome {
    const { id, report = [], processed } = source;
    const parts = processed ? [...report, processedPart(processed, this.#route.redacted)] : report;
    return { id, parts, differences, uncompared: 0, removed: false };
  }

  async #read(id: CrashId, options: CallOptions): Promise<Source> {
    const { from, reports } = this.#route;
    const report = reports ? await readReport(from, id, this.#rate, options) : undefined;
    const raw = report?.raw ?? (reports ? undefined : await unlessMissing(from.readRaw(id, options)));
    return { id, raw, report: report?.parts, processed: await this.#readProcessed(id, options) };
  }

  async #readProcessed(id: CrashId, options: CallOptions): Promise<ProcessedCrash | undefined> {
    const { from, processed } = this.#route;
    return processed ? unlessMissing(from.readProcessed(id, options)) : undefined;
  }

  async #copyReport(raw: RawCrash, options: CallOptions): Promise<readonly Part[]> {
    const { from, to } = this.#route;
    const dumps = (await dumpsOf(from, raw.id, options)).map((dump) => passing(dump, this.#rate));
    const report: Report = Object.freeze({ raw, dumps: dumps.map(({ dump }) => dump) });
    await to.saveReport(report, options);
    const parts = [rawPart(raw)];
    for (const dump of dumps) parts.push(await dump.part(options));
    return parts;
  }

  /** A store takes a processed crash with its raw crash, which may already be where the result goes. */
  async #saveProcessed(
    id: CrashId,
    own: RawCrash | undefined,
    processed: ProcessedCrash,
    options: CallOptions,
  ): Promise<readonly Difference[]> {
    const raw = own ?? (await this.#rawInTarget(id, options));
    if (!raw) {
      const why = 'a processed crash is saved with its raw crash, which neither store has';
      return [{ id, part: 'processed', store: this.#route.to.name, what: 'failed', why }];
    }
    await this.#route.to.saveProcessed(raw, processed, options);
    return [];
  }

  async #rawInTarget(id: CrashId, options: CallOptions): Promise<RawCrash | undefined> {
    for (const { store } of this.#route.readers) {
      const raw = can(store, 'raw.read') ? await unlessMissing(store.readRaw(id, options)) : undefined;
      if (raw) return raw;
    }
    return undefined;
  }

  async #save(source: Source, options: CallOptions): Promise<readonly Difference[]> {
    const { id, raw, report, processed } = source;
    if (raw && report) await this.#copyReport(raw, options);
    return processed ? this.#saveProcessed(id, raw, processed, options) : [];
  }

  /** Another report under the same id must not be lost, whichever of the two is right. */
  async #conflict({ id, raw, report }: Source, options: CallOptions): Promise<Difference | undefined> {
    if (!raw || !report) return undefined;
    for (const { store } of this.#route.readers) {
      const there = can(store, 'raw.read') ? await unlessMissing(store.readRaw(id, options)) : undefined;
      if (there && rawPart(there).sha256 !== rawPart(raw).sha256) {
        const why = 'another report of this id is there; both are left as they are';
        return { id, part: 'raw', store: store.name, what: 'conflict', why };
      }
    }
    return undefined;
  }

  /** Without its processed crash when everyone who reads the target back has a later one. */
  async #withoutOutdated(source: Source, options: CallOptions): Promise<Source> {
    const { id, processed } = source;
    const own = processed?.date_processed;
    const readers = this.#route.readers.filter(({ store }) => can(store, 'processed.read'));
    if (own === undefined || readers.length === 0) return source;
    for (const { store } of readers) {
      const there = (await unlessMissing(store.readProcessed(id, options)))?.date_processed;
      if (there === undefined || Date.parse(there) <= Date.parse(own)) return source;
    }
    return { ...source, processed: undefined };
  }

  /** Why a crash stays in the source although nothing differs. */
  #leftBehind({ id }: Source, uncompared: number): readonly Difference[] {
    const { to, processed: takesProcessed, from, reports } = this.#route;
    const stays = (part: string, why: string): Difference[] => [
      { id, part, store: to.name, what: 'missing', why },
    ];
    if (uncompared > 0) return stays('crash', 'it cannot be read back, so that it is not verified');
    if (!reports) return stays('raw', 'only processed crashes go there');
    if (!takesProcessed && can(from, 'processed.read')) return stays('processed', 'only reports go there');
    return [];
  }

  /** Looks once more just before: what was written to the source meanwhile is not verified. */
  async #takeOut(source: Source, options: CallOptions): Promise<CrashOutcome> {
    const { from } = this.#route;
    const { id } = source;
    if ((await this.#glance(id, options)) === glanceOf(source))
      return { ...this.#outcome(source, []), removed: await from.remove(id, options) };
    const why = 'it was written again meanwhile, and stays for the next time';
    return this.#outcome(source, [{ id, part: 'crash', store: from.name, what: 'different', why }]);
  }

  async #glance(id: CrashId, options: CallOptions): Promise<string> {
    const { from } = this.#route;
    const raw = await unlessMissing(from.readRaw(id, options));
    const infos = (raw && (await unlessMissing(from.listDumps(id, options)))) ?? [];
    const processed = await this.#readProcessed(id, options);
    return JSON.stringify([
      raw ? rawPart(raw).sha256 : null,
      infos.map(({ name, size }) => [name, size]).sort(),
      processed ? processedPart(processed, []).sha256 : null,
    ]);
  }
}

/** What `#glance` gives as long as the source is as it was read. */
function glanceOf({ raw, report = [], processed }: Source): string {
  const dumps = report.filter(({ part }) => part.startsWith('dump '));
  return JSON.stringify([
    raw ? rawPart(raw).sha256 : null,
    dumps.map(({ part, bytes }) => [part.slice('dump '.length), bytes]).sort(),
    processed ? processedPart(processed, []).sha256 : null,
  ]);
}
