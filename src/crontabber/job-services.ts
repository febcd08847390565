/**
 * What jobs may ask for, by `needs`; bound by the app. Everything that talks to an engine is opened when a job first
 * calls it, so that an engine that is down stops the jobs that use it and no others.
 */
import type { Database } from '../database/contract.ts';
import type { Log } from '../lib/log.ts';
import type { CallOptions } from '../model/report.ts';
import type { CrashQueue } from '../queue/contract.ts';
import type { Store } from '../storage/contract.ts';
import type { UpkeepTarget } from '../storage/upkeep-targets.ts';
import type { DatabaseCopier } from './backup/copier.ts';
import type { JobSettings } from './job-settings.ts';

/** The stores of the configuration. Opened once, closed by the app. They reject as opening does. */
export interface JobStores {
  /** A store or a wiring expression; `where` is the setting that names it, for messages. */
  open(expression: string, where: string): Promise<Store>;
  /** Where the processor reads reports. */
  source(): Promise<Store>;
  /** Where the processor saves. */
  destination(): Promise<Store>;
  /** Where pages search. */
  search(): Promise<Store>;
  /** The leaves of everything that is configured, each once, unopened. */
  targets(): Promise<readonly UpkeepTarget[]>;
}

/** Days, both included. */
export interface DrainPeriod {
  readonly since: string;
  readonly until: string;
}

export interface Drained {
  readonly crashes: number;
  readonly removed: number;
  readonly differences: number;
}

/** As `auxilio store drain` does it, resumable and verified. */
export interface JobTransfers {
  drain(spare: string, first: string, period: DrainPeriod, options: CallOptions): Promise<Drained>;
}

/** A message for the people who watch, on the configured channels. Never waits for them. */
export interface JobAlerts {
  /** `text` is one line without client data. */
  send(alert: { readonly job: string; readonly text: string }): void;
}

export interface JobFolders {
  /** `DATA_DIR`, absolute. */
  readonly dataDir: string;
  /** A path as the operator wrote it, absolute. */
  resolve(path: string): string;
  /** The collector's spool, which is not opened: opening means moving what is in it. */
  readonly spool: string;
  /** Copies of the database. */
  readonly backups: string;
  /** The folder of Auxilio's own `package.json`. */
  readonly package: string;
  /** Where programs are looked for. */
  readonly tools: readonly string[];
}

export interface JobServices {
  readonly log: Log;
  readonly settings: JobSettings;
  readonly database: Database;
  readonly stores: JobStores;
  readonly transfers: JobTransfers;
  readonly queue: () => Promise<CrashQueue>;
  readonly alerts: JobAlerts;
  readonly folders: JobFolders;
  /** Of the database. */
  readonly copier: DatabaseCopier;
}
