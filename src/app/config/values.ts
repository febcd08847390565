/**
 * Where settings come from, as text. Precedence: command line > environment > ENV files > schema defaults.
 * The only place in the program that reads `process.env`.
 */

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { SettingsError } from '../../lib/settings.ts';
import { packageRoot } from '../package-root.ts';
import { optionOf } from './describe.ts';

/** A value as somebody wrote it. */
export interface Value {
  readonly text: string;
  /** For people: `--web-port`, `environment`, `config/my.env`. */
  readonly from: string;
  /** Files are checked key by key; the environment belongs to others too. */
  readonly source: 'command line' | 'environment' | 'file';
}

export type Values = ReadonlyMap<string, Value>;

export interface ValueSources {
  readonly commandLine: ReadonlyMap<string, string>;
  /** `--config FILE…`; they replace the default files. */
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface GatheredValues {
  readonly values: Values;
  /** Files that were read, lowest precedence first. */
  readonly files: readonly string[];
  /** Lines for the operator: what was ignored and why. */
  readonly notes: readonly string[];
}

export const INSECURE_FILE = 'never_on_a_server.env';
const PREFIX = 'AUXILIO_';
/** These steer the reading itself; they are no settings. */
const META = new Set(['AUXILIO_ENV_FILES', 'AUXILIO_CONFIG_DIR']);
// Kubernetes injects SVC_SERVICE_HOST, SVC_SERVICE_PORT[_NAME], SVC_PORT=tcp://… and SVC_PORT_80_TCP[_PROTO|_PORT|_ADDR]
// into every pod for each service of the namespace; one named `collector` makes COLLECTOR_PORT=tcp://10.0.0.7:8001.
// Test: test/app/config.test.ts "container platform".
const INJECTED_KEY = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const INJECTED_VALUE = /^(tcp|udp|sctp):\/\//;

/** `name` as it stands in the environment: a service named `auxilio` makes AUXILIO_PORT and AUXILIO_SERVICE_HOST. */
export const isInjected = (name: string, text: string): boolean =>
  INJECTED_KEY.test(name) || (name.endsWith('_PORT') && INJECTED_VALUE.test(text));

async function readEnvFile(path: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new SettingsError(`config file ${path} cannot be read (${code})`, { cause });
  }
  return new Map(Object.entries(parseEnv(text)).map(([key, value]) => [key, value ?? '']));
}

async function folderFiles(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.env')).sort();
    return names.map((name) => join(folder, name));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new SettingsError(`AUXILIO_CONFIG_DIR ${folder} cannot be read (${code})`, { cause });
  }
}

/** As given when it is there, else the file of that name in the package (`config/socorro.env` works from anywhere). */
function locate(cwd: string, file: string): string {
  const here = resolve(cwd, file);
  const shipped = join(packageRoot, file);
  return !existsSync(here) && existsSync(shipped) ? shipped : here;
}

async function chooseFiles(sources: ValueSources): Promise<string[]> {
  const { AUXILIO_ENV_FILES: listed, AUXILIO_CONFIG_DIR: folder } = sources.environment;
  const named =
    sources.files.length > 0
      ? sources.files
      : listed
          ?.split(',')
          .map((f) => f.trim())
          .filter(Boolean);
  const own = resolve(sources.cwd, 'config/my.env');
  const base = named?.map((file) => locate(sources.cwd, file)) ?? [
    locate(sources.cwd, 'config/embedded.env'),
    ...(existsSync(own) ? [own] : []),
  ];
  return folder ? [...base, ...(await folderFiles(resolve(sources.cwd, folder)))] : base;
}

/**
 * `AUXILIO_KEY` is the same as `KEY` and wins over it.
 * `belongs` says whether a plain environment variable is meant for us.
 */
function fromEnvironment(
  environment: ValueSources['environment'],
  belongs: (key: string) => boolean,
  notes: string[],
): Map<string, Value> {
  const values = new Map<string, Value>();
  const entries = Object.entries(environment).sort(
    ([a], [b]) => Number(a.startsWith(PREFIX)) - Number(b.startsWith(PREFIX)),
  );
  for (const [name, text] of entries) {
    const prefixed = name.startsWith(PREFIX);
    const key = prefixed ? name.slice(PREFIX.length) : name;
    if (text === undefined || META.has(name) || (!prefixed && !belongs(key))) continue;
    if (isInjected(name, text)) notes.push(`${name} looks injected by a container platform; ignored`);
    else values.set(key, { text, from: `environment ${name}`, source: 'environment' });
  }
  return values;
}

/** Everything that was set, by upper-case key. Rejects with `SettingsError` when a named file or folder cannot be read. */
export async function gatherValues(
  sources: ValueSources,
  belongs: (key: string) => boolean,
): Promise<GatheredValues> {
  const values = new Map<string, Value>();
  // The order tells later who wins when KEY and KEY_FILE are both there.
  const set = (key: string, value: Value): void => {
    values.delete(key);
    values.set(key, value);
  };
  const notes: string[] = [];
  const files = await chooseFiles(sources);
  for (const file of files) {
    for (const [name, text] of await readEnvFile(file)) {
      const key = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
      set(key, { text, from: file, source: 'file' });
    }
  }
  for (const [key, value] of fromEnvironment(sources.environment, belongs, notes)) set(key, value);
  for (const [key, text] of sources.commandLine) {
    set(key, { text, from: optionOf(key), source: 'command line' });
  }
  return { values, files, notes };
}

/** The process's own sources. */
export const processSources = (
  commandLine: ReadonlyMap<string, string>,
  files: readonly string[],
): ValueSources => ({
  commandLine,
  files,
  environment: process.env,
  cwd: process.cwd(),
});

/** Folders in which programs are looked for. */
export const toolFolders = (): readonly string[] =>
  (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
