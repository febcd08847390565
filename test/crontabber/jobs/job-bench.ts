/** Runs one job with services of a test's own, on a database that was migrated. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AnyJob, Period } from '../../../src/crontabber/job.ts';
import type { JobServices, JobStores } from '../../../src/crontabber/job-services.ts';
import { type JobSettings, jobSettingsSchema } from '../../../src/crontabber/job-settings.ts';
import { JOB_DATA_MIGRATIONS } from '../../../src/crontabber/tables/migrations.ts';
import type { Database } from '../../../src/database/contract.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { createLog, type Log, silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import type { Store } from '../../../src/storage/contract.ts';
import type { Dialect } from '../../database/dialects.ts';

export const DAY_MS = 86_400_000;

export const settingsOf = (values: Readonly<Record<string, unknown>> = {}): JobSettings =>
  parseSettings(jobSettingsSchema, values, (key) => `JOB_${key.toUpperCase()}`);

/** Migrated; closed with the test. */
export async function openBench(dialect: Dialect): Promise<Database> {
  const url = await dialect.fresh();
  const database = await openDatabase(url, { log: silentLog });
  onTestFinished(() => database.close());
  await migrate(database, JOB_DATA_MIGRATIONS);
  return database;
}

/** In the past by whatever clock: what removes things refuses the future. One day that ends at midnight, unless told otherwise. */
export const dayEnding = (to: string, days = 1): Period => {
  const end = new Date(to.length === 10 ? `${to}T00:00:00Z` : to);
  return { from: new Date(end.getTime() - days * DAY_MS), to: end };
};

/** Stores by name; `source`, `destination` and `search` are those of these names. */
export function storesOf(stores: Readonly<Record<string, Store>>): JobStores {
  const open = async (name: string): Promise<Store> => {
    const store = stores[name];
    if (!store) throw new Error(`no store ${name}`);
    return store;
  };
  return {
    open,
    source: () => open('source'),
    destination: () => open('destination'),
    search: () => open('search'),
    targets: async () => Object.keys(stores).map((name) => ({ name }) as never),
  };
}

export interface Heard {
  readonly alerts: string[];
  readonly lines: { readonly level: string; readonly msg: string; readonly [key: string]: unknown }[];
}

/** A log that is kept. */
export function listeningLog(lines: Heard['lines']): Log {
  const base = createLog('silent');
  const hear =
    (level: string) =>
    (fields: unknown, msg?: string): void =>
      void lines.push({ level, msg: msg ?? String(fields), ...(typeof fields === 'object' ? fields : {}) });
  const levels = Object.fromEntries(['debug', 'info', 'warn', 'error', 'fatal'].map((l) => [l, hear(l)]));
  return Object.assign(Object.create(base), levels, { child: () => listeningLog(lines) }) as Log;
}

export interface BenchRun {
  readonly period?: Period;
  readonly signal?: AbortSignal;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly services?: Partial<JobServices>;
}

/** A service that a test did not give is missing: a job that uses one without asking for it fails. */
export async function runJob(job: AnyJob, run: BenchRun = {}): Promise<Heard> {
  const heard: Heard = { alerts: [], lines: [] };
  const log = listeningLog(heard.lines);
  const all: Partial<JobServices> = {
    log,
    settings: settingsOf(run.settings),
    alerts: { send: ({ text }) => void heard.alerts.push(text) },
    ...run.services,
  };
  const given = Object.fromEntries(
    (job.needs ?? []).map((name) => [name, all[name]]),
  ) as unknown as JobServices;
  const signal = run.signal ?? new AbortController().signal;
  await job.run({ period: run.period ?? dayEnding('2024-11-21'), signal, log } as never, given);
  return heard;
}

/** A folder that is removed with the test. */
export async function benchFolder(): Promise<string> {
  const { mkdtemp } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-job-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
