/** What `npm run engines` and `npm test` ask for, one at a time for each engine among all processes of a clone. */
import { join } from 'node:path';
import type { Engine, EngineState } from '../../test/build/engines.ts';
import type { EngineDefinition } from './definition.ts';
import { composeDown, composeStatus, composeUp, dockerAnswers } from './docker.ts';
import { withLock } from './lock.ts';
import { nativeDown, nativeStatus, nativeUp, type Subject } from './native.ts';
import { EngineFolder, type Ground, HERE } from './state.ts';

/** Longer than an installation and a start together. */
const TURN_MS = 25 * 60_000;

const subjectOf = (definition: EngineDefinition, ground: Ground): Subject => ({
  definition,
  folder: new EngineFolder(ground, definition.name),
  cache: join(ground.cache, definition.name),
});

const inTurn = <T>(subject: Subject, work: () => Promise<T>): Promise<T> =>
  withLock(subject.folder.file('lock.db'), TURN_MS, work);

/** Through Compose where that can be had; what runs natively already goes on doing so. */
async function bring(subject: Subject, say: (line: string) => void): Promise<Engine> {
  const native = await nativeStatus(subject);
  if (native !== undefined) return native;
  const { container } = subject.definition;
  if (container === undefined || !(await dockerAnswers())) return await nativeUp(subject, say);
  await nativeDown(subject);
  return await composeUp(subject, container);
}

/** Installs and starts it unless it answers already. Why it cannot be had is written where the tests look. */
export function up(
  definition: EngineDefinition,
  say: (line: string) => void,
  ground: Ground = HERE,
): Promise<EngineState> {
  const subject = subjectOf(definition, ground);
  return inTurn(subject, async () => {
    const state: EngineState = await bring(subject, say).catch((error: unknown) => ({
      missing: error instanceof Error ? error.message : String(error),
    }));
    subject.folder.writeAddress(state);
    return state;
  });
}

/** Ends it; what it keeps stays. */
export function down(definition: EngineDefinition, ground: Ground = HERE): Promise<void> {
  const subject = subjectOf(definition, ground);
  return inTurn(subject, async () => {
    await nativeDown(subject);
    await composeDown(subject);
    subject.folder.removeAddress();
  });
}

/** The engine, if it answers now. */
export async function status(
  definition: EngineDefinition,
  ground: Ground = HERE,
): Promise<Engine | undefined> {
  const subject = subjectOf(definition, ground);
  return (await nativeStatus(subject)) ?? (await composeStatus(subject));
}
