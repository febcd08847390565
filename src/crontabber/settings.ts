/** The crontabber's settings. */
import { SettingsError, type SettingsSchema } from '../lib/settings.ts';

export interface CrontabberSettings {
  readonly jobs: string;
  readonly modules: readonly string[];
  readonly concurrency: number;
  /** Milliseconds, as the four that follow. */
  readonly interval: number;
  readonly error_retry: number;
  readonly lease: number;
  readonly late_after: number;
  readonly log_days: number;
  readonly host: string;
  readonly port: number;
}

export const crontabberSchema: SettingsSchema<CrontabberSettings> = {
  jobs: {
    doc: 'The jobs: name|frequency or name|frequency|HH:MM (UTC), separated by commas or lines; frequencies are 30m, 12h, 1d, 2w, 1y. `+name`, `+name|1d|06:00` and `-name` edit the default list instead, which is every job that comes with Auxilio (docs/reference/jobs.md) or from CRONTABBER_MODULES. Empty: the default list.',
    format: String,
    default: '',
  },
  modules: { doc: 'Jobs from outside, by module path or package name.', format: 'list', default: [] },
  concurrency: { doc: 'Jobs that run at once in one process.', format: 'nat', default: 4 },
  interval: { doc: '--loop: how often to look for what is due.', format: 'duration', default: 60_000 },
  error_retry: {
    doc: 'How long a job that failed waits before it is tried again, unless the job says otherwise.',
    format: 'duration',
    default: 300_000,
  },
  lease: {
    doc: 'How long a job belongs to a process that is not heard of any more. Renewed three times as often.',
    format: 'duration',
    default: 60_000,
  },
  late_after: {
    doc: 'A job is late, and the health endpoint red, when a period is over for so long and not done.',
    format: 'duration',
    default: 3_600_000,
  },
  log_days: { doc: 'Runs are forgotten after so many days. 0: never.', format: 'nat', default: 90 },
  host: { doc: 'Address of the health endpoint of --loop.', format: String, default: '127.0.0.1' },
  port: {
    doc: 'Port of the health endpoint of --loop (/__heartbeat__, /metrics); 0 takes any free one. When it is taken, jobs run without.',
    format: 'port',
    default: 8003,
  },
};

const SHORTEST_LEASE_MS = 1_000;

/** Throws `SettingsError`. */
export function checkCrontabberSettings({ concurrency, interval, lease }: CrontabberSettings): void {
  if (concurrency < 1) throw new SettingsError('CRONTABBER_CONCURRENCY must be 1 or more');
  if (interval < 1) throw new SettingsError('CRONTABBER_INTERVAL must be more than 0');
  if (lease < SHORTEST_LEASE_MS)
    throw new SettingsError('CRONTABBER_LEASE must be 1s or more: it is renewed over the network');
}
