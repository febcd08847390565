/** Engines as processes of this machine: brought up, asked, ended. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../test/build/engines.ts';
import { cacheDir } from '../tools.ts';
import type { Answer, EngineDefinition, Place } from './definition.ts';
import { withLock } from './lock.ts';
import { portsFor, rememberedPorts } from './ports.ts';
import { endProcesses, isAlive, mark, type ProcessMark, signalProcess } from './processes.ts';
import { readProcesses, stateFolder, writeProcesses } from './state.ts';

/** A start may fail because what was killed has not let go of its files, or because its port went to another. */
const ATTEMPTS = 4;
/** Installations of one engine, by all who work on this machine: a build of ours and one of theirs before it. */
const INSTALL_WAIT_MS = 20 * 60_000;

const cacheOf = (definition: EngineDefinition): string => join(cacheDir, 'engines', definition.name);

function lastLine(place: Place): string {
  const file = join(place.folder, 'log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.at(-1)?.trim() ?? '';
}

/** Its answer, or why there was none in time. */
async function untilItAnswers(
  definition: EngineDefinition,
  place: Place,
  server: ProcessMark,
): Promise<Answer | Error> {
  const until = Date.now() + definition.startMs;
  for (;;) {
    try {
      return await definition.ask(place);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isAlive(server)) return new Error(`it ended: ${lastLine(place)}; ${place.folder}/log`);
      if (Date.now() > until)
        return new Error(`no answer in ${definition.startMs / 1000} s: ${reason}; ${place.folder}/log`);
    }
    await sleep(100);
  }
}

async function start(definition: EngineDefinition): Promise<Engine> {
  const folder = stateFolder(definition.name);
  let failure: Error | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (existsSync(join(folder, 'log'))) renameSync(join(folder, 'log'), join(folder, 'log.before'));
    const ports = await portsFor(folder, definition.ports);
    const place: Place = { folder, cache: cacheOf(definition), ports };
    const marks = (await definition.start(place)).map(mark).filter((one) => one !== undefined);
    writeProcesses(definition.name, marks);
    const [server] = marks;
    const answer = server ? await untilItAnswers(definition, place, server) : new Error(lastLine(place));
    if (server && !(answer instanceof Error)) return { ...answer, pid: server.pid };
    failure = answer instanceof Error ? answer : undefined;
    await end(definition);
    await sleep(1_000);
  }
  throw failure ?? new Error('it did not start');
}

async function end(definition: EngineDefinition): Promise<void> {
  const processes = readProcesses(definition.name).filter(isAlive);
  await endProcesses(processes, definition.stopSignal ?? 'SIGTERM');
  writeProcesses(definition.name, []);
}

/** The engine that runs already, if it does and answers; one that a test froze goes on first. */
async function running(definition: EngineDefinition, waits: boolean): Promise<Engine | undefined> {
  const processes = readProcesses(definition.name);
  const [server] = processes;
  if (server === undefined || !processes.every(isAlive)) return undefined;
  const folder = stateFolder(definition.name);
  const place: Place = { folder, cache: cacheOf(definition), ports: rememberedPorts(folder) };
  if (!waits)
    return definition
      .ask(place)
      .then((answer) => ({ ...answer, pid: server.pid }))
      .catch(() => undefined);
  for (const one of processes) signalProcess(one, 'SIGCONT');
  const answer = await untilItAnswers(definition, place, server);
  return answer instanceof Error ? undefined : { ...answer, pid: server.pid };
}

export async function nativeUp(definition: EngineDefinition, say: (line: string) => void): Promise<Engine> {
  const there = await running(definition, true);
  if (there !== undefined) return there;
  await end(definition);
  const cache = cacheOf(definition);
  await withLock(join(cache, 'lock.db'), INSTALL_WAIT_MS, () => definition.install(cache, say));
  return await start(definition);
}

export const nativeDown = end;

export const nativeStatus = (definition: EngineDefinition): Promise<Engine | undefined> =>
  running(definition, false);
