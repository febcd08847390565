/** What became of an upload. Exactly one outcome is recorded for each. */
import type { CrashId } from '../../model/crash-id.ts';

export const OUTCOMES = ['accepted', 'deferred', 'discarded', 'rejected', 'truncated'] as const;
export type OutcomeName = (typeof OUTCOMES)[number];

export interface UploadOutcome {
  readonly at: Date;
  /** `truncated`: kept, but a limit dropped part of it. */
  readonly outcome: OutcomeName;
  /** The throttle rule; for `truncated` the limit; for `rejected` also `malformed_…`, `unauthorized_uuid`, `spool_full`, `client_gone`. */
  readonly reason: string;
  /** As the client named it, cut to 64 characters; empty when it did not. */
  readonly product: string;
  readonly version: string;
  readonly crashId?: CrashId | undefined;
}

/** Recording never fails and never waits. */
export interface OutcomeRecorder {
  record(outcome: UploadOutcome): void;
}
