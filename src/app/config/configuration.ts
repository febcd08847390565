/** Text values become typed settings, store definitions and a queue definition; every mistake names its key. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearest, parseSettings, SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import type { QueueBackend } from '../../queue/definition.ts';
import { loadQueueBackend } from '../../queue/registry.ts';
import type { StoreDefinition } from '../../storage/definitions.ts';
import { loadBackend } from '../../storage/registry.ts';
import { SECTION_NAMES, SECTIONS, type SectionName, type Settings, settingKey } from './sections.ts';
import {
  type GatheredValues,
  gatherValues,
  INSECURE_FILE,
  isInjected,
  type Value,
  type ValueSources,
} from './values.ts';

export interface QueueChoice {
  readonly backend: QueueBackend;
  readonly options: Readonly<Record<string, string>>;
  readonly label: (key: string) => string;
}

export interface Configuration {
  readonly settings: Settings;
  /** Absolute. */
  readonly dataDir: string;
  readonly cwd: string;
  readonly stores: ReadonlyMap<string, StoreDefinition>;
  readonly queue: QueueChoice;
  /** What was set, for `auxilio config`. */
  readonly gathered: GatheredValues;
}

const STORE_KEY = /^STORE_([A-Z0-9]+)_([A-Z][A-Z0-9_]*)$/;
const QUEUE_KEY = /^QUEUE_([A-Z][A-Z0-9_]*)$/;
/** Prefixes that nobody else uses: an unknown key there is a mistake. Under the others it may be another program's. */
const OURS = [
  'STORE_',
  'COLLECTOR_',
  'PROCESSOR_',
  'CRONTABBER_',
  'ALERT_',
  'SYMBOL_',
  'SYMBOLS_',
  'STACKWALK_',
  'SPOOL_',
  'SIGNATURE_',
];

/** Every fixed key with its section; store and queue options depend on which backends are configured. */
export function fixedKeys(): ReadonlyMap<string, { readonly section: SectionName; readonly key: string }> {
  const keys = new Map<string, { section: SectionName; key: string }>();
  for (const section of SECTION_NAMES) {
    for (const key of Object.keys(SECTIONS[section])) keys.set(settingKey(section, key), { section, key });
  }
  return keys;
}

const FIXED = fixedKeys();

/** Whether a schema says that a key is secret. */
export const isSecret = (schema: object, key: string): boolean =>
  Boolean((schema as Readonly<Record<string, { sensitive?: boolean }>>)[key]?.sensitive);

/** `KEY_FILE` of a secret `KEY`; undefined for everything else. */
function secretBehind(key: string): string | undefined {
  const base = key.endsWith('_FILE') ? key.slice(0, -'_FILE'.length) : undefined;
  const fixed = base ? FIXED.get(base) : undefined;
  return fixed && isSecret(SECTIONS[fixed.section], fixed.key) ? base : undefined;
}

const isKnown = (key: string): boolean =>
  FIXED.has(key) || secretBehind(key) !== undefined || STORE_KEY.test(key) || QUEUE_KEY.test(key);

/** Whether a plain environment variable is meant for us, be it misspelt. */
function belongs(key: string): boolean {
  return (
    isKnown(key) ||
    OURS.some((prefix) => key.startsWith(prefix)) ||
    (/^(WEB|NOTIFY|QUEUE|JOB)_/.test(key) && nearest(key, FIXED.keys()) !== undefined)
  );
}

/** Whether `--word` on the command line is a setting. */
export const isSettingKey = (key: string): boolean => isKnown(key);

function readSecret(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (cause) {
    throw new SettingsError(`${key}: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

function refuseUnknown(key: string, value: Value): never {
  const near = nearest(key, [...FIXED.keys(), 'QUEUE_USE']);
  const hint = near ? `; did you mean ${near}?` : '';
  throw new SettingsError(`${key} (${value.from}) is not a setting${hint}`);
}

interface Sorted {
  readonly sections: Record<SectionName, Record<string, string>>;
  readonly stores: Map<string, Map<string, Value>>;
  readonly queue: Map<string, Value>;
}

function sortValues(gathered: GatheredValues): Sorted {
  const sections = Object.fromEntries(SECTION_NAMES.map((s) => [s, {}])) as Sorted['sections'];
  const sorted: Sorted = { sections, stores: new Map(), queue: new Map() };
  for (const [key, value] of gathered.values) {
    const secret = secretBehind(key);
    const fixed = FIXED.get(secret ?? key);
    const store = STORE_KEY.exec(key);
    const queue = QUEUE_KEY.exec(key);
    // KEY_FILE after KEY, or the other way round: the last one has the highest precedence.
    if (fixed) sections[fixed.section][fixed.key] = secret ? readSecret(key, value.text) : value.text;
    else if (store) {
      const name = (store[1] as string).toLowerCase();
      sorted.stores.set(
        name,
        (sorted.stores.get(name) ?? new Map<string, Value>()).set(store[2] as string, value),
      );
    } else if (queue) sorted.queue.set(queue[1] as string, value);
    else if (!isInjected(key, value.text)) refuseUnknown(key, value);
  }
  return sorted;
}

/** Options of a store or queue as its schema names them; `X_FILE` of a secret `X` is read. */
function optionsOf(
  prefix: string,
  values: ReadonlyMap<string, Value>,
  schema: SettingsSchema<object>,
): Record<string, string> {
  const options: Record<string, string> = {};
  for (const [upper, value] of values) {
    const key = upper.toLowerCase();
    const base = key.endsWith('_file') ? key.slice(0, -'_file'.length) : '';
    const secret = !(key in schema) && isSecret(schema, base);
    if (key !== 'use')
      options[secret ? base : key] = secret ? readSecret(`${prefix}${upper}`, value.text) : value.text;
  }
  return options;
}

async function defineStore(
  name: string,
  values: ReadonlyMap<string, Value>,
  cwd: string,
): Promise<StoreDefinition> {
  const prefix = `STORE_${name.toUpperCase()}_`;
  const use = values.get('USE')?.text;
  if (!use) throw new SettingsError(`${prefix}USE is missing: it says which backend the store ${name} is`);
  const backend = await loadBackend(use, cwd, `${prefix}USE`);
  return {
    use,
    options: optionsOf(prefix, values, backend.schema),
    label: (key) => `${prefix}${key.toUpperCase()}`,
  };
}

async function chooseQueue(values: ReadonlyMap<string, Value>, cwd: string): Promise<QueueChoice> {
  const use = values.get('USE')?.text ?? 'fs';
  const backend = await loadQueueBackend(use, cwd);
  const options = optionsOf('QUEUE_', values, backend.schema);
  const label = (key: string): string => `QUEUE_${key.toUpperCase()}`;
  const unknown = Object.keys(options).find((key) => !(key in backend.schema));
  if (unknown && nearest(unknown, [...Object.keys(backend.schema), 'use']) === 'use')
    throw new SettingsError(`${label(unknown)} is not a setting; did you mean ${label('use')}?`);
  parseSettings(backend.schema, options, label);
  return { backend, options, label };
}

function refuseInsecure(settings: Settings, gathered: GatheredValues): void {
  if (settings.app.environment === 'development') return;
  const named = gathered.files.find((file) => file.endsWith(INSECURE_FILE));
  if (!named && !settings.app.insecure_development) return;
  throw new SettingsError(
    `${named ?? 'INSECURE_DEVELOPMENT'} is for development only; remove it, or set ENVIRONMENT=development on a machine that nobody else reaches`,
  );
}

/** Reads, checks and types the whole configuration. Rejects with `SettingsError`: one line that names the key. */
export async function loadConfiguration(sources: ValueSources): Promise<Configuration> {
  const gathered = await gatherValues(sources, belongs);
  const sorted = sortValues(gathered);
  const settings = Object.fromEntries(
    SECTION_NAMES.map((section) => [
      section,
      parseSettings(
        SECTIONS[section] as unknown as SettingsSchema<Record<string, unknown>>,
        sorted.sections[section],
        (key) => settingKey(section, key),
      ),
    ]),
  ) as unknown as Settings;
  refuseInsecure(settings, gathered);
  const stores = new Map<string, StoreDefinition>();
  for (const [name, values] of sorted.stores) stores.set(name, await defineStore(name, values, sources.cwd));
  return {
    settings,
    dataDir: resolve(sources.cwd, settings.app.data_dir),
    cwd: sources.cwd,
    stores,
    queue: await chooseQueue(sorted.queue, sources.cwd),
    gathered,
  };
}
