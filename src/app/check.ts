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

/** The settings that a line is about: `advice` is given where what failed names none that begins with `prefix`. */
interface SettingsBehind {
  readonly prefix: string;
  readonly advice: string;
}

interface SettingsCheck extends HealthCheck {
  readonly behind: SettingsBehind;
}

const behindStore = (name: string): SettingsBehind => {
  const prefix = `STORE_${name.toUpperCase()}_`;
  return { prefix, advice: `see ${prefix}USE and the settings beside it` };
};

function willBeMade(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `ok; will be made at the start: ${names.slice(0, NAMED).join(', ')}${more}`;
}

function queueCheck(app: App): SettingsCheck {
  const { backend, options, label } = app.configuration.queue;
  const { inspect } = backend;
  const behind = { prefix: 'QUEUE_', advice: 'see QUEUE_USE and the settings beside it' };
  if (!inspect) return { name: 'queue', behind, open: () => app.queue() };
  const { dataDir, settings } = app.configuration;
  const context = { dataDir, log: app.log, longestTaskMs: settings.processor.task_timeout };
  return {
    name: 'queue',
    behind,
    async open(call) {
      const missing = await inspect(options, context, label, call);
      return { health: async () => willBeMade(missing) };
    },
  };
}

const databaseCheck = ({ configuration, log }: App): SettingsCheck => ({
  name: 'database',
  behind: { prefix: 'DATABASE_', advice: 'see DATABASE_URL' },
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

function listsCheck(app: App): SettingsCheck {
  return {
    name: 'signature lists',
    behind: { prefix: 'SIGNATURE_', advice: 'see SIGNATURE_LIST_DIR' },
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
const files = (name: string, behind: SettingsBehind, read: () => Promise<void>): SettingsCheck => ({
  name,
  behind,
  open: async () => ({ health: () => read() }),
});

const throttleCheck = ({ configuration }: App): SettingsCheck =>
  files('throttle rules', { prefix: 'COLLECTOR_', advice: 'see COLLECTOR_THROTTLE_RULES' }, async () => {
    const { throttle_rules, ...settings } = configuration.settings.collector;
    const file = throttle_rules ? resolve(configuration.cwd, throttle_rules) : '';
    await loadThrottleRules({ ...settings, throttle_rules: file });
  });

const jobsCheck = ({ configuration }: App): SettingsCheck =>
  files('jobs', { prefix: 'CRONTABBER_', advice: 'see CRONTABBER_JOBS' }, async () => {
    checkCrontabberSettings(configuration.settings.crontabber);
    const { errors } = await loadJobList(configuration);
    if (errors.length > 0) throw new SettingsError(errors.join('; '));
  });

/** A folder of symbols may be mounted later: no fault. */
const symbolsCheck = ({ configuration }: App): SettingsCheck => ({
  name: 'symbol folders',
  behind: { prefix: 'SYMBOL_', advice: 'see SYMBOL_PATHS' },
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

function naming(state: HealthState, { prefix, advice }: SettingsBehind): HealthState {
  if (state.isWell || state.text.includes(prefix)) return state;
  return { ...state, text: `${state.text}; ${advice}` };
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
  const checks: readonly SettingsCheck[] = [
    ...storeChecks(app).map((check) => ({ ...check, behind: behindStore(check.name) })),
    queueCheck(app),
    databaseCheck(app),
    listsCheck(app),
    throttleCheck(app),
    symbolsCheck(app),
    jobsCheck(app),
  ];
  const states = await statesOf(checks, { ...LIMITS, ...options });
  return states.map((state, i) => naming(state, (checks[i] as SettingsCheck).behind));
}
