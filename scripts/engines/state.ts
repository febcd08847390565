/** What is remembered of an engine between commands, in a folder of its own. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineState } from '../../test/build/engines.ts';
import { cacheDir } from '../tools.ts';
import type { ProcessMark } from './processes.ts';

/** Where engines live: a folder for each below `state`, what they are made of below `cache`. */
export interface Ground {
  readonly state: string;
  readonly cache: string;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The state belongs to this clone, or to a test that has engines for itself; the cache to the machine. */
export const HERE: Ground = {
  state: process.env['ENGINES_DIR'] ?? join(root, '.engines'),
  cache: join(cacheDir, 'engines'),
};

/** A reader sees the old file or the new one. */
function replace(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function read<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

export class EngineFolder {
  readonly path: string;

  constructor(ground: Ground, name: string) {
    this.path = join(ground.state, name);
    mkdirSync(this.path, { recursive: true });
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** What tests read: `test/build/engines.ts`. */
  writeAddress(state: EngineState): void {
    replace(this.file('address.json'), state);
  }

  removeAddress(): void {
    rmSync(this.file('address.json'), { force: true });
  }

  /** The server itself comes first. Some may have ended since. */
  processes(): readonly ProcessMark[] {
    return read(this.file('processes.json')) ?? [];
  }

  writeProcesses(processes: readonly ProcessMark[]): void {
    replace(this.file('processes.json'), processes);
  }

  /** Those of its last start. */
  ports(): readonly number[] {
    return read(this.file('ports.json')) ?? [];
  }

  writePorts(ports: readonly number[]): void {
    replace(this.file('ports.json'), ports);
  }

  /** The id of the container that it runs in, when it runs in one. */
  container(): string | undefined {
    return read(this.file('container.json'));
  }

  writeContainer(id: string | undefined): void {
    if (id === undefined) rmSync(this.file('container.json'), { force: true });
    else replace(this.file('container.json'), id);
  }
}
