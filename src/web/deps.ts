/** What the web site needs from the rest of the program; `app` hands it over. */
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Heartbeat } from '../lib/service-routes.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import type { ErrorReporter } from '../notify/contract.ts';
import type { CrashQueue } from '../queue/contract.ts';
import type { FieldDefinition } from '../search/fields.ts';
import type { ListTexts } from '../signature/lists.ts';
import type { SpoolState } from '../spool/contract.ts';
import type { CrashStorage } from '../storage/contract.ts';

/** How many uploads ended how. */
export interface OutcomeCount {
  readonly outcome: 'accepted' | 'deferred' | 'discarded' | 'rejected' | 'truncated';
  /** The throttle rule or the reason of a rejection. */
  readonly reason?: string | undefined;
  readonly count: number;
}

/** What the home page says about uploads. */
export interface UploadOverview {
  /** From when the outcomes are counted, ISO 8601. */
  readonly since: string;
  readonly outcomes: readonly OutcomeCount[];
}

/** A bug of somebody's tracker that names a signature. */
export interface BugLink {
  readonly tracker: string;
  readonly bug: string;
  readonly url: string;
  /** Absent where it may be confidential. */
  readonly title: string | undefined;
  readonly isOpen: boolean;
}

export interface WebDeps {
  /** `DATA_DIR`, absolute: one-time links and sessions lie in its `web` folder. */
  readonly dataDir: string;
  readonly source: CrashStorage<'raw.read' | 'dumps.read' | 'processed.read'>;
  readonly search: CrashStorage<'search'>;
  readonly queue: CrashQueue;
  /**
   * Removes the crash from every configured store, the queue and the spool, unless it is under legal hold. `forgotten`:
   * there was only a task for it. No button without this.
   */
  readonly removeEverywhere?:
    | ((id: CrashId, options?: CallOptions) => Promise<'removed' | 'forgotten' | 'absent' | 'held'>)
    | undefined;
  /** Absent where the collector runs elsewhere, and the page says so. */
  readonly overview?: ((options?: CallOptions) => Promise<UploadOverview>) | undefined;
  /** From memory, so that it is told when every engine is down; absent where the collector runs elsewhere. */
  readonly spool?: (() => SpoolState) | undefined;
  /** True while the crash lies in the spool and is not stored yet. */
  readonly inSpool?: ((id: CrashId, options?: CallOptions) => Promise<boolean>) | undefined;
  /** The texts of a version of the signature lists by its digest; undefined when it is not kept. No links without it. */
  readonly findLists?:
    | ((digest: string, options?: CallOptions) => Promise<ListTexts | undefined>)
    | undefined;
  /** Digest of the signature lists in use; undefined when they cannot be used. */
  readonly currentLists?: (() => Promise<string | undefined>) | undefined;
  /** Bugs that name the signature, open ones first. Absent: none are shown. */
  readonly bugs?: ((signature: string, options?: CallOptions) => Promise<readonly BugLink[]>) | undefined;
  /** The collector's address, path included, e.g. `http://127.0.0.1:8001/submit`. */
  collectorUrl(): string;
  readonly fields: readonly FieldDefinition[];
  /** Absolute; holds `annotations.json` and `sample.dmp` or `sample.dmp.gz`. */
  readonly sampleFolder: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly reporter: ErrorReporter;
  /** What `/__version__` answers. */
  readonly version: Readonly<Record<string, unknown>>;
  readonly keys: {
    /** Signs cookies and form tokens: `loadSigningSecret(dataDir)`. */
    readonly signingSecret: string;
  };
  heartbeat(): Promise<Heartbeat>;
}
