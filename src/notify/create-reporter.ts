/** The reporter that the settings ask for. */
import type { Log } from '../lib/log.ts';
import type { ErrorReporter } from './contract.ts';
import { LogReporter } from './log-reporter.ts';

export interface ReporterOptions {
  /** `NotifySettings.sentry_dsn`; empty or absent: only the log. */
  readonly dsn?: string | undefined;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
  readonly log: Log;
}

/** Every event goes to the log; with a DSN also to that server. Rejects with `SettingsError` for a malformed DSN. */
export async function createReporter(options: ReporterOptions): Promise<ErrorReporter> {
  const local = new LogReporter(options.log);
  if (!options.dsn) return local;
  const { openSentryReporter } = await import('./sentry/index.ts');
  return openSentryReporter({ ...options, dsn: options.dsn, local });
}
