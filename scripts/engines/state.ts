/** What is remembered of an engine between commands: `.engines/NAME/address.json` for tests, `processes.json` for us. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName, EngineState } from '../../test/build/engines.ts';
import type { ProcessMark } from './processes.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** `ENGINES_DIR` is for tests that kill and freeze servers: they have a set of their own. */
const engines = process.env['ENGINES_DIR'] ?? join(root, '.engines');

export function stateFolder(name: EngineName): string {
  const folder = join(engines, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A reader sees the old file or the new one. */
function replace(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function read<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

export const writeAddress = (name: EngineName, state: EngineState): void =>
  replace(join(stateFolder(name), 'address.json'), state);

export const readAddress = (name: EngineName): EngineState | undefined =>
  read(join(stateFolder(name), 'address.json'));

export const removeAddress = (name: EngineName): void =>
  rmSync(join(stateFolder(name), 'address.json'), { force: true });

export const writeProcesses = (name: EngineName, processes: readonly ProcessMark[]): void =>
  replace(join(stateFolder(name), 'processes.json'), processes);

/** The server itself comes first. Some may have ended since. */
export const readProcesses = (name: EngineName): readonly ProcessMark[] =>
  read(join(stateFolder(name), 'processes.json')) ?? [];
