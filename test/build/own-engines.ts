/** Engines that one test has for itself, to be killed, frozen and cut off. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine, EngineName, EngineState } from './engines.ts';

const execute = promisify(execFile);
const command = join(import.meta.dirname, '../../scripts/engines.ts');

export interface OwnEngines {
  get(name: EngineName): Engine;
  /** SIGKILL, of the server alone. */
  kill(name: EngineName): void;
  /** SIGSTOP: it takes connections and never answers. */
  freeze(name: EngineName): void;
  thaw(name: EngineName): void;
  /** After `kill`: with the data it had. */
  startAgain(name: EngineName): Promise<void>;
  /** Ends all and removes what they kept. */
  dispose(): Promise<void>;
}

/** Starts them; the reason when one cannot be had. */
export async function ownEngines(
  ...names: readonly EngineName[]
): Promise<OwnEngines | { readonly missing: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-engines-'));
  const run = (verb: string, ...which: readonly EngineName[]): Promise<unknown> =>
    execute(process.execPath, [command, verb, ...which], { env: { ...process.env, ENGINES_DIR: folder } });
  const dispose = async (): Promise<void> => {
    await run('down', ...names);
    await rm(folder, { recursive: true, force: true });
  };
  const stateOf = (name: EngineName): EngineState =>
    JSON.parse(readFileSync(join(folder, name, 'address.json'), 'utf8')) as EngineState;
  const get = (name: EngineName): Engine => {
    const state = stateOf(name);
    if ('missing' in state) throw new Error(`${name}: ${state.missing}`);
    return state;
  };
  // It exits with 1 when one is missing, which its state says better.
  const failure = await run('up', ...names).catch((error: unknown) => error);
  for (const name of names) {
    const state = stateOf(name);
    if (!('missing' in state)) continue;
    await dispose();
    return { missing: `${name}: ${state.missing}` };
  }
  if (failure instanceof Error) throw failure;
  return {
    get,
    kill: (name) => void process.kill(get(name).pid, 'SIGKILL'),
    freeze: (name) => void process.kill(get(name).pid, 'SIGSTOP'),
    thaw: (name) => void process.kill(get(name).pid, 'SIGCONT'),
    startAgain: async (name) => void (await run('up', name)),
    dispose,
  };
}
