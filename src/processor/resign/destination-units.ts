/**
 * The stores behind the processor's destination, each of which is updated from what it holds itself: one may keep a crash
 * whole and another only its public part, and neither is to get the other's.
 */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions } from '../../model/report.ts';
import { type CrashStorage, can, type Store } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';

export interface DestinationUnit {
  readonly store: CrashStorage<'processed.write'>;
  /** Undefined for a store that cannot be read back, such as an index without documents. */
  readonly reader: CrashStorage<'processed.read'> | undefined;
}

/** Those that give back less than was saved. */
const PARTIAL: ReadonlySet<string> = new Set(['redactor', 'telemetry']);

/** Whether it may give back less than was saved. */
export const isPartial = (store: Store): boolean => PARTIAL.has(store.use) || store.children.some(isPartial);

/** A poly writes to all of its children; every other container and layer decides for itself which child is meant. */
export function destinationUnits(store: Store): readonly DestinationUnit[] {
  const units = store.use === 'poly' ? store.children.flatMap(destinationUnits) : unitOf(store);
  // What is scanned comes last: as long as it has the old signature, the crash is found again.
  return units.toSorted((a, b) => Number(can(a.store, 'scan')) - Number(can(b.store, 'scan')));
}

function unitOf(store: Store): readonly DestinationUnit[] {
  if (!can(store, 'processed.write')) return [];
  return [{ store, reader: can(store, 'processed.read') ? store : undefined }];
}

/** The first store among these and what they are made of that gives back whole crashes. */
export function wholeReader(stores: readonly Store[]): CrashStorage<'processed.read'> | undefined {
  for (const store of stores) {
    if (can(store, 'processed.read') && !isPartial(store)) return store;
    if (PARTIAL.has(store.use)) continue;
    const below = wholeReader(store.children);
    if (below) return below;
  }
  return undefined;
}

/** Undefined when the store does not have it. */
export async function readOrNone(
  reader: CrashStorage<'processed.read'>,
  id: CrashId,
  options: CallOptions,
): Promise<ProcessedCrash | undefined> {
  try {
    return await reader.readProcessed(id, options);
  } catch (error) {
    if (codeOf(error) === 'not_found') return undefined;
    throw error;
  }
}
