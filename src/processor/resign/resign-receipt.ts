/** What a run of `siglists apply` did: counted crash by crash, written down after every batch. */
import type { CrashId } from '../../model/crash-id.ts';
import type { Outcome } from './resigner.ts';

export interface ResignCounts {
  /** Crashes of the period that were looked at. */
  readonly scanned: number;
  /** Crashes that were signed again. */
  readonly signed: number;
  /** Processed crashes that were saved, in whichever store. */
  readonly saved: number;
  /** Found stale and then signed already: by an earlier run that was stopped. */
  readonly already: number;
  /** Left alone: a processor was at it since the run began. */
  readonly reprocessed: number;
  /** Saved by a processor in the same moment: its result was put into every store. */
  readonly settled: number;
  /** Removed since they were found. */
  readonly gone: number;
  readonly withoutInput: number;
  readonly failed: number;
}

export interface ResignFailure {
  readonly id: CrashId;
  readonly reason: string;
}

export interface ResignTally {
  readonly counts: ResignCounts;
  /** The first of them. */
  readonly failures: readonly ResignFailure[];
}

const LISTED_FAILURES = 1000;

export const EMPTY_RESIGN: ResignTally = {
  counts: {
    scanned: 0,
    signed: 0,
    saved: 0,
    already: 0,
    reprocessed: 0,
    settled: 0,
    gone: 0,
    withoutInput: 0,
    failed: 0,
  },
  failures: [],
};

export interface Failed {
  readonly id: CrashId;
  readonly failure: string;
}

export type CrashResult = { readonly id: CrashId; readonly outcome: Outcome } | Failed;

const KEYS = {
  signed: 'signed',
  already: 'already',
  reprocessed: 'reprocessed',
  gone: 'gone',
  without_input: 'withoutInput',
} as const satisfies Readonly<Record<Outcome['kind'], keyof ResignCounts>>;

export function addResult(tally: ResignTally, result: CrashResult): ResignTally {
  const { counts, failures } = tally;
  if ('failure' in result) {
    const listed = [...failures, { id: result.id, reason: result.failure }].slice(0, LISTED_FAILURES);
    return { counts: { ...counts, failed: counts.failed + 1 }, failures: listed };
  }
  const { outcome } = result;
  const key = KEYS[outcome.kind];
  const saved = counts.saved + (outcome.kind === 'signed' ? outcome.stores : 0);
  return { counts: { ...counts, saved, [key]: counts[key] + 1 }, failures };
}

export const addCounts = (tally: ResignTally, more: Partial<ResignCounts>): ResignTally => {
  const sums = Object.entries(more).map(([key, value]) => [
    key,
    tally.counts[key as keyof ResignCounts] + value,
  ]);
  return { ...tally, counts: { ...tally.counts, ...Object.fromEntries(sums) } };
};

/** What identifies a run: the same again goes on where the last one stopped. */
export interface ResignIdentity {
  /** As the operator wrote them. */
  readonly store: string;
  readonly destination: string;
  readonly since: string;
  readonly until: string | null;
  /** SHA-256 of the lists, hex. */
  readonly lists: string;
  readonly generator: string;
  readonly stale: 'signature' | 'version';
}

export interface ResignReceipt extends ResignTally, ResignIdentity {
  readonly format: 1;
  readonly kind: 'resign';
  /** Period of `date_processed` that was signed again, ISO text, from (inclusive) to (exclusive). */
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** How often it was started before it came to its end. */
  readonly runs: number;
  /** Names of the stores that were updated. */
  readonly stores: readonly string[];
  /** File with a line of JSON for each crash: id, and its signature before and after. */
  readonly changes: string;
}
