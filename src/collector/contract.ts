/** What the collector needs from the rest of the program, and what it gives. */
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import type { ErrorReporter } from '../notify/contract.ts';
import type { Spool } from '../spool/contract.ts';
import type { OutcomeRecorder } from './outcomes/outcome.ts';
import type { ThrottleRules } from './throttle/throttle.ts';

export interface CollectorDeps {
  /** Belongs to the caller. */
  readonly spool: Spool;
  readonly log: Log;
  readonly clock: Clock;
  /** Belongs to the caller. */
  readonly reporter: ErrorReporter;
  /** What `/__version__` answers. */
  readonly version: Readonly<Record<string, unknown>>;
  /** True when the spool or a store has the crash. A rejection is logged and taken for "no": saving twice is harmless. */
  alreadyStored(id: CrashId, options?: CallOptions): Promise<boolean>;
  /**
   * Each store, queue and database by name: `ok`, or why not, each within the limit whatever the others do. Shown in the
   * heartbeat and never turns it red.
   */
  storesHealth(options: { readonly limitMs: number }): Promise<Readonly<Record<string, string>>>;
  /** Belongs to the caller; close it after the collector. */
  readonly outcomes: OutcomeRecorder;
  readonly throttle: ThrottleRules;
  /** For sampling rules; `Math.random` when absent. */
  random?(): number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Collector {
  /** Rejects when the address is taken or a setting is wrong. */
  listen(): Promise<Address>;
  /** Stops accepting, lets uploads in hand finish within `close_timeout`, then cuts them off. May be called twice. */
  close(): Promise<void>;
}
