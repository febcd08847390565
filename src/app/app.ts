/** The program as its commands see it: services that are opened when they are first asked for. */
import type { Collector } from '../collector/contract.ts';
import type { OutcomeLog } from '../collector/outcomes/outcome-log.ts';
import type { Crontabber } from '../crontabber/crontabber.ts';
import type { Database } from '../database/contract.ts';
import type { Log } from '../lib/log.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';
import type { Alerts } from '../notify/alerts.ts';
import type { ErrorReporter } from '../notify/contract.ts';
import type { Processor } from '../processor/processor.ts';
import type { CrashQueue } from '../queue/contract.ts';
import type { ListVersions } from '../signature/list-versions.ts';
import type { LiveGenerator } from '../signature/live-generator.ts';
import type { Spool } from '../spool/contract.ts';
import type { OpenStores } from '../storage/open-stores.ts';
import type { Stackwalker } from '../symbols/stackwalker.ts';
import type { Web } from '../web/web.ts';
import type { Configuration } from './config/configuration.ts';

/** What a service is opened with: other services, and a place for its closer. */
export interface Opening {
  readonly configuration: Configuration;
  readonly log: Log;
  /** Aborted when the process is to end. */
  readonly quit: AbortSignal | undefined;
  readonly app: App;
  /** Registers what closes the thing that is being opened. */
  onClose(name: string, close: () => Promise<void>): void;
}

/**
 * `forgotten`: there was only a task for it. `absent`: nothing had it. `held`: it is under legal hold, and nothing was
 * touched.
 */
export type Removal = 'removed' | 'forgotten' | 'absent' | 'held';

export interface RemoveOptions extends CallOptions {
  readonly evenIfHeld?: boolean | undefined;
}

export interface App {
  readonly configuration: Configuration;
  readonly log: Log;
  /** Where services of this process listen, once they do. */
  readonly addresses: { collector: string | undefined };
  stores(): Promise<OpenStores>;
  queue(): Promise<CrashQueue>;
  database(): Promise<Database>;
  reporter(): Promise<ErrorReporter>;
  alerts(): Promise<Alerts>;
  spool(): Promise<Spool>;
  outcomes(): Promise<OutcomeLog>;
  /** With the configured lists; services that run for long call its `watch`. */
  signatures(): Promise<LiveGenerator>;
  /** Keep there what a stored trace was made with. */
  listVersions(): Promise<ListVersions>;
  stackwalker(): Promise<Stackwalker>;
  collector(): Promise<Collector>;
  processor(): Promise<Processor>;
  crontabber(): Promise<Crontabber>;
  web(): Promise<Web>;
  /** Removes a crash from every configured store, the spool and the queue, unless it is under legal hold. */
  removeEverywhere(id: CrashId, options?: RemoveOptions): Promise<Removal>;
  /** Closes what was opened, last first; goes on after a failure and then rejects with every one. */
  close(): Promise<void>;
}
