/** Signs one stored crash again, in every store that has it. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { Clock } from '../../lib/clock.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import type { SignatureGenerator } from '../../signature/generator.ts';
import type { CrashStorage, Store } from '../../storage/contract.ts';
import { codeOf, StorageError } from '../../storage/errors.ts';
import { type DestinationUnit, destinationUnits, readOrNone, wholeReader } from './destination-units.ts';
import { isUntouched, resigned, type Signing, type Stale, storedInput } from './resigned.ts';
import { settle } from './settle.ts';

export interface ResignerDeps {
  /** Where raw crashes are. */
  readonly source: CrashStorage<'raw.read'>;
  /** What the processor writes to. */
  readonly destination: Store;
  readonly generator: SignatureGenerator;
  /** Those of the generator. */
  readonly rules: readonly { readonly name: string }[];
  readonly clock: Clock;
  readonly stale: Stale;
}

export type Outcome =
  | { readonly kind: 'signed'; readonly from: string; readonly to: string; readonly stores: number }
  /** Every store has it with this signature already. */
  | { readonly kind: 'already' }
  /** Processed since the run began: with the lists that were in force then. */
  | { readonly kind: 'reprocessed' }
  /** No store has it any more. */
  | { readonly kind: 'gone' }
  /** Nobody stored what its signature was made of. */
  | { readonly kind: 'without_input' };

/** How often it is begun again when a processor is faster. */
const MOST_TRIES = 5;

interface Target {
  readonly id: CrashId;
  /** Undefined when the source does not have it. */
  readonly raw: RawCrash | undefined;
  readonly at: Date;
}

type UnitOutcome = Outcome['kind'];

export class Resigner {
  readonly #deps: ResignerDeps;
  readonly #units: readonly DestinationUnit[];
  readonly #whole: CrashStorage<'processed.read'> | undefined;
  readonly #startedAt: string;

  /** Throws `StorageError` `unsupported` when no store could tell what there is. */
  constructor(deps: ResignerDeps) {
    this.#deps = deps;
    this.#units = destinationUnits(deps.destination);
    this.#whole = wholeReader([...this.#units.map(({ store }) => store), deps.source]);
    this.#startedAt = deps.clock.now().toISOString();
    const blind = this.#units.find(({ reader }) => reader === undefined);
    if (this.#units.length === 0)
      throw new StorageError('unsupported', deps.destination.name, 'no store takes processed crashes');
    if (blind && !this.#whole)
      throw new StorageError(
        'unsupported',
        blind.store.name,
        'nothing gives back whole processed crashes for it',
      );
  }

  /** Names of the stores that are updated. */
  get stores(): readonly string[] {
    return this.#units.map(({ store }) => store.name);
  }

  /**
   * Reads what each store holds now, and saves it with its new signature; `at` stands in the notes. Safe to repeat. Rejects with what a store
   * rejected with; the stores before it are done then, and those after it are not.
   */
  async crash(id: CrashId, at: Date, options: CallOptions = {}): Promise<Outcome> {
    const target: Target = { id, raw: await this.#raw(id, options), at };
    const found: UnitOutcome[] = [];
    let change: { readonly from: string; readonly to: string } | undefined;
    for (const unit of this.#units) {
      throwIfAborted(options.signal);
      const { kind, from, to } = await this.#unit(unit, target, options);
      found.push(kind);
      if (kind === 'signed') change ??= { from, to };
    }
    const stores = found.filter((kind) => kind === 'signed').length;
    if (change) return { kind: 'signed', ...change, stores };
    for (const kind of ['reprocessed', 'without_input', 'already'] as const)
      if (found.includes(kind)) return { kind };
    return { kind: 'gone' };
  }

  /** Whether there is anything to compare afterwards. */
  get settles(): boolean {
    return this.#units.filter(({ reader }) => reader !== undefined).length > 1;
  }

  /** A while after `crash`: true when a processor had saved it in the same moment; every store has its result then. */
  async settle(id: CrashId, options: CallOptions = {}): Promise<boolean> {
    const raw = await this.#raw(id, options);
    return raw !== undefined && settle(this.#units, raw, options);
  }

  async #raw(id: CrashId, options: CallOptions): Promise<RawCrash | undefined> {
    try {
      return await this.#deps.source.readRaw(id, options);
    } catch (error) {
      if (codeOf(error) === 'not_found') return undefined;
      throw error;
    }
  }

  async #unit(
    { store, reader: own }: DestinationUnit,
    { id, raw, at }: Target,
    options: CallOptions,
  ): Promise<{ readonly kind: UnitOutcome; readonly from: string; readonly to: string }> {
    const reader = own ?? this.#whole;
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      const before = reader && (await readOrNone(reader, id, options));
      const done = (kind: UnitOutcome, to = '') => ({ kind, from: before?.signature ?? '', to });
      if (!before) return done('gone');
      if (this.#isNewer(before)) return done('reprocessed');
      const signing = await this.#signing(before, id, options);
      if (!signing) return done('without_input');
      const after = resigned(before, { ...signing, at });
      // A store that cannot be read is written to whenever the crash was found to be stale somewhere.
      if (!after && own) return done('already');
      if (!raw) throw new StorageError('not_found', this.#deps.source.name, `no raw crash ${id}`);
      const now = await readOrNone(reader, id, options);
      if (!now) return done('gone');
      if (!isUntouched(before, now)) continue;
      await store.saveProcessed(raw, after ?? before, options);
      return done(after ? 'signed' : 'already', signing.result.signature);
    }
    throw new StorageError('internal', store.name, `${id} was processed ${MOST_TRIES} times meanwhile`);
  }

  #isNewer(processed: ProcessedCrash): boolean {
    const { completed_datetime: completed } = processed;
    return typeof completed === 'string' && completed >= this.#startedAt;
  }

  /** From the crash's own input; of a crash in part, from that of the whole one. */
  async #signing(
    processed: ProcessedCrash,
    id: CrashId,
    options: CallOptions,
  ): Promise<Omit<Signing, 'at'> | undefined> {
    const whole = async () => this.#whole && (await readOrNone(this.#whole, id, options));
    const found = storedInput(processed) ?? (await whole().then((crash) => crash && storedInput(crash)));
    if (!found) return undefined;
    const { generator, rules, stale } = this.#deps;
    return { result: generator.generate(found), input: found, rules, stale };
  }
}
