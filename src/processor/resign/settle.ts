/**
 * A processor may save a crash in the very moment in which it is signed again. Stores have no way to say "only if nobody was
 * faster", but a processor writes to all of them, and its result carries its time: where one store has a newer run than
 * another, the older one was overwritten with what was read before.
 */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import { StorageError } from '../../storage/errors.ts';
import { type DestinationUnit, isPartial, readOrNone } from './destination-units.ts';

interface Copy {
  readonly unit: DestinationUnit;
  readonly processed: ProcessedCrash;
  /** When the run that made it ended, ISO text. */
  readonly completed: string;
}

/** Of the stores that can be read back and keep the time. */
async function copiesOf(
  units: readonly DestinationUnit[],
  id: CrashId,
  options: CallOptions,
): Promise<readonly Copy[]> {
  const copies: Copy[] = [];
  for (const unit of units) {
    const processed = unit.reader && (await readOrNone(unit.reader, id, options));
    const completed = processed?.completed_datetime;
    if (processed && typeof completed === 'string') copies.push({ unit, processed, completed });
  }
  return copies;
}

/**
 * Puts the newest run where an older one lies, and resolves with true when there was one. Rejects with what a store
 * rejected with, and with `internal` when only part of the newest run can be had.
 */
export async function settle(
  units: readonly DestinationUnit[],
  raw: RawCrash,
  options: CallOptions,
): Promise<boolean> {
  const copies = await copiesOf(units, raw.id, options);
  const newest =
    copies
      .map(({ completed }) => completed)
      .toSorted()
      .at(-1) ?? '';
  const stale = copies.filter(({ completed }) => completed < newest);
  if (stale.length === 0) return false;
  const whole = copies.find(({ unit, completed }) => completed === newest && !isPartial(unit.store));
  if (!whole)
    throw new StorageError(
      'internal',
      stale[0]?.unit.store.name ?? '',
      `${raw.id} was processed in the same moment, and no store has all of it: auxilio reprocess ${raw.id}`,
    );
  const blind = units.filter(({ reader }) => reader === undefined);
  for (const { store } of [...stale.map(({ unit }) => unit), ...blind])
    await store.saveProcessed(raw, whole.processed, options);
  return true;
}
