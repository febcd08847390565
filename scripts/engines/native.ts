/** Engines as processes of this machine: brought up, asked, ended. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../test/build/engines.ts';
import type { Answer, EngineDefinition, Place } from './definition.ts';
import { withLock } from './lock.ts';
import { portsFor } from './ports.ts';
import { endProcesses, isAlive, mark, type ProcessMark, signalProcess } from './processes.ts';
import type { EngineFolder } from './state.ts';

/** A start may fail because what was killed has not let go of its files, or because its port went to another. */
const ATTEMPTS = 4;
const PAUSE_MS = 1_000;
/** An installation by somebody else on this machine, before ours. */
const INSTALL_WAIT_MS = 15 * 60_000;

/** An engine of this clone. */
export interface Subject {
  readonly definition: EngineDefinition;
  readonly folder: EngineFolder;
  /** What this engine is made of, for all clones. */
  readonly cache: string;
}

const placeOf = ({ folder, cache }: Subject, ports = folder.ports()): Place => ({
  folder: folder.path,
  cache,
  ports,
});

function lastLine(folder: EngineFolder): string {
  const file = folder.file('log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.at(-1)?.trim() ?? '';
}

/** Its answer, or why there was none in time. */
async function untilItAnswers(subject: Subject, place: Place, server: ProcessMark): Promise<Answer | Error> {
  const { definition, folder } = subject;
  const until = Date.now() + definition.startMs;
  for (;;) {
    try {
      return await definition.ask(place);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isAlive(server)) return new Error(`it ended: ${lastLine(folder)} (${folder.file('log')})`);
      if (Date.now() > until)
        return new Error(`no answer in ${definition.startMs / 1000} s: ${reason} (${folder.file('log')})`);
    }
    await sleep(100);
  }
}

async function startOnce(subject: Subject): Promise<Engine | Error> {
  const { definition, folder } = subject;
  if (existsSync(folder.file('log'))) renameSync(folder.file('log'), folder.file('log.before'));
  const place = placeOf(subject, await portsFor(folder, definition.ports));
  const pids = await definition.start(place);
  const marks = pids.map(mark).filter((one) => one !== undefined);
  folder.writeProcesses(marks);
  const [server] = marks;
  if (server === undefined || server.pid !== pids[0]) return new Error(`it ended: ${lastLine(folder)}`);
  const answer = await untilItAnswers(subject, place, server);
  return answer instanceof Error ? answer : { ...answer, pid: server.pid };
}

async function start(subject: Subject): Promise<Engine> {
  for (let attempt = 1; ; attempt += 1) {
    const engine = await startOnce(subject);
    if (!(engine instanceof Error)) return engine;
    const stillRan = subject.folder.processes().slice(0, 1).some(isAlive);
    await nativeDown(subject);
    // One that lives and does not answer has had its time; only one that ended may do better.
    if (stillRan || attempt === ATTEMPTS) throw engine;
    await sleep(PAUSE_MS);
  }
}

/** The engine that runs already, with the processes that it was started with. */
function runningServer({ folder }: Subject): ProcessMark | undefined {
  const processes = folder.processes();
  return processes.every(isAlive) ? processes[0] : undefined;
}

export async function nativeStatus(subject: Subject): Promise<Engine | undefined> {
  const server = runningServer(subject);
  if (server === undefined) return undefined;
  const answer = await subject.definition.ask(placeOf(subject)).catch(() => undefined);
  return answer && { ...answer, pid: server.pid };
}

/** What a test froze goes on; what does not answer even then is ended. */
async function revive(subject: Subject): Promise<Engine | undefined> {
  const server = runningServer(subject);
  if (server === undefined) return undefined;
  for (const one of subject.folder.processes()) signalProcess(one, 'SIGCONT');
  const answer = await untilItAnswers(subject, placeOf(subject), server);
  return answer instanceof Error ? undefined : { ...answer, pid: server.pid };
}

export async function nativeUp(subject: Subject, say: (line: string) => void): Promise<Engine> {
  const there = await revive(subject);
  if (there !== undefined) return there;
  await nativeDown(subject);
  const lock = join(subject.cache, 'lock.db');
  await withLock(lock, INSTALL_WAIT_MS, () => subject.definition.install(subject.cache, say));
  return await start(subject);
}

export async function nativeDown({ definition, folder }: Subject): Promise<void> {
  await endProcesses(folder.processes().filter(isAlive), definition.stopSignal ?? 'SIGTERM');
  folder.writeProcesses([]);
}
