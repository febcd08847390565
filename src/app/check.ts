/** What `auxilio config --check` looks at: everything configured is asked, nothing is made on a server. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadThrottleRules } from '../collector/throttle/load-rules.ts';
import { checkCrontabberSettings } from '../crontabber/settings.ts';
import { migrationStates } from '../database/migrate.ts';
import { SettingsError } from '../lib/settings.ts';
import type { CallOptions } from '../model/report.ts';
import type { App } from './app.ts';
import { makeDataFolder } from './data-folder.ts';
import { type HealthCheck, type HealthState, listsHealth, statesOf, storeChecks } from './health.ts';
import { loadJobList } from './scheduled-jobs.ts';
import { MIGRATIONS, openUnmigrated } from './services/database.ts';

/** Longer than engines wait for a connection, so that what they say of it is heard. */
const LIMITS = { openMs: 15_000, answerMs: 5_000 };

/** More names than a line has room for are counted. */
const NAMED = 5;

function willBeMade(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `ok; will be made at the start: ${names.slice(0, NAMED).join(', ')}${more}`;
}

function queueCheck(app: App): HealthCheck {
  const { backend, options, label } = app.configuration.queue;
  const { inspect } = backend;
  if (!inspect) return { name: 'queue', open: () => app.queue() };
  const { dataDir, settings } = app.configuration;
  const context = { dataDir, log: app.log, longestTaskMs: settings.processor.task_timeout };
  return {
    name: 'queue',
    async open(call) {
      const missing = await inspect(options, context, label, call);
      return { health: async () => willBeMade(missing) };
    },
  };
}

const databaseCheck = ({ configuration, log }: App): HealthCheck => ({
  name: 'database',
  async open() {
    const database = await openUnmigrated(configuration, log);
    return {
      async health(call) {
        try {
          await database.health(call);
          const states = await migrationStates(database, MIGRATIONS, call);
          const missing = states.filter(({ appliedAt }) => appliedAt === undefined).length;
          return missing > 0 ? `ok; ${missing} migrations will run at the start` : undefined;
        } finally {
          await database.close();
        }
      },
    };
  },
});

function listsCheck(app: App): HealthCheck {
  return {
    name: 'signature lists',
    async open() {
      const state = await listsHealth(app);
      return {
        async health() {
          if (state !== 'ok') throw new Error(state);
        },
      };
    },
  };
}

/** What needs no engine, and stops a service all the same: well when it can be read. */
const files = (name: string, read: () => Promise<void>): HealthCheck => ({
  name,
  open: async () => ({ health: () => read() }),
});

const throttleCheck = ({ configuration }: App): HealthCheck =>
  files('throttle rules', async () => {
    const { throttle_rules, ...settings } = configuration.settings.collector;
    const file = throttle_rules ? resolve(configuration.cwd, throttle_rules) : '';
    await loadThrottleRules({ ...settings, throttle_rules: file });
  });

const jobsCheck = ({ configuration }: App): HealthCheck =>
  files('jobs', async () => {
    checkCrontabberSettings(configuration.settings.crontabber);
    const { errors } = await loadJobList(configuration);
    if (errors.length > 0) throw new SettingsError(errors.join('; '));
  });

/** A folder of symbols may be mounted later: no fault. */
const symbolsCheck = ({ configuration }: App): HealthCheck => ({
  name: 'symbol folders',
  open: async () => ({
    async health() {
      const missing: string[] = [];
      for (const path of configuration.settings.symbols.symbol_paths) {
        const folder = resolve(path);
        const isThere = await stat(folder).then(
          (found) => found.isDirectory(),
          () => false,
        );
        if (!isThere) missing.push(folder);
      }
      if (missing.length === 0) return 'ok';
      return `warning: SYMBOL_PATHS: no folder at ${missing.join(', ')}; no symbols come from there`;
    },
  }),
});

/** The settings that a line is about, where what failed does not name one. */
function settingsBehind(name: string): { readonly prefix: string; readonly advice: string } | undefined {
  switch (name) {
    case 'queue':
      return { prefix: 'QUEUE_', advice: 'see QUEUE_USE and the settings beside it' };
    case 'database':
      return { prefix: 'DATABASE_', advice: 'see DATABASE_URL' };
    case 'signature lists':
      return { prefix: 'SIGNATURE_', advice: 'see SIGNATURE_LIST_DIR' };
    case 'throttle rules':
      return { prefix: 'COLLECTOR_', advice: 'see COLLECTOR_THROTTLE_RULES' };
    case 'symbol folders':
      return { prefix: 'SYMBOL_', advice: 'see SYMBOL_PATHS' };
    case 'jobs':
      return { prefix: 'CRONTABBER_', advice: 'see CRONTABBER_JOBS' };
    default: {
      const prefix = `STORE_${name.toUpperCase()}_`;
      return { prefix, advice: `see ${prefix}USE and the settings beside it` };
    }
  }
}

function naming(state: HealthState): HealthState {
  const behind = settingsBehind(state.name);
  if (state.isWell || !behind || state.text.includes(behind.prefix)) return state;
  return { ...state, text: `${state.text}; ${behind.advice}` };
}

/** One state for each thing, which names its setting when it is not well. Rejects when there can be no data folder. */
export async function checkAll(app: App, options: CallOptions): Promise<readonly HealthState[]> {
  const folder: HealthCheck = {
    name: 'DATA_DIR',
    async open() {
      await makeDataFolder(app.configuration);
      return { health: async () => undefined };
    },
  };
  const [made] = await statesOf([folder], { ...LIMITS, ...options });
  if (made && !made.isWell) return [made];
  const checks = [
    ...storeChecks(app),
    queueCheck(app),
    databaseCheck(app),
    listsCheck(app),
    throttleCheck(app),
    symbolsCheck(app),
    jobsCheck(app),
  ];
  return (await statesOf(checks, { ...LIMITS, ...options })).map(naming);
}
