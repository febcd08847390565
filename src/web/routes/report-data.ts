/** What the stores have of one crash, for its page. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import type { WebDeps } from '../deps.ts';
import { isNotFound, withinTime } from '../store-failure.ts';

export type Found =
  | {
      readonly kind: 'processed';
      readonly processed: ProcessedCrash;
      /** Absent when it was removed, or when its store is down: `rawFailure` then says so. */
      readonly raw: RawCrash | undefined;
      readonly rawFailure: unknown;
    }
  /** Stored, and not processed yet. */
  | { readonly kind: 'stored'; readonly raw: RawCrash }
  /** Accepted, and still on its way from the collector's disk to the stores. */
  | { readonly kind: 'spooled' }
  | { readonly kind: 'unknown' };

type Read<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(work: Promise<T>): Promise<Read<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

/**
 * Rejects with the store's error when it cannot be told whether the crash is there: a store that is down may have it.
 */
export async function findReport(deps: WebDeps, id: CrashId): Promise<Found> {
  const [processed, raw] = await Promise.all([
    attempt(withinTime((options) => deps.source.readProcessed(id, options))),
    attempt(withinTime((options) => deps.source.readRaw(id, options))),
  ]);
  if ('value' in processed) {
    if ('value' in raw)
      return { kind: 'processed', processed: processed.value, raw: raw.value, rawFailure: undefined };
    const rawFailure = isNotFound(raw.error) ? undefined : raw.error;
    return { kind: 'processed', processed: processed.value, raw: undefined, rawFailure };
  }
  if (!isNotFound(processed.error)) throw processed.error;
  if ('value' in raw) return { kind: 'stored', raw: raw.value };
  // While stores are down the spool still knows what came in last.
  const inSpool = deps.inSpool;
  if (inSpool && (await withinTime((options) => inSpool(id, options)))) return { kind: 'spooled' };
  if (!isNotFound(raw.error)) throw raw.error;
  return { kind: 'unknown' };
}
