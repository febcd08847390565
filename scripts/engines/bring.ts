/** What `npm run engines` and `npm test` ask for, one engine at a time among all processes of this clone. */
import { join } from 'node:path';
import type { Engine, EngineState } from '../../test/build/engines.ts';
import { type EngineDefinition, Unavailable } from './definition.ts';
import { withLock } from './lock.ts';
import { nativeDown, nativeStatus, nativeUp } from './native.ts';
import { removeAddress, stateFolder, writeAddress } from './state.ts';

/** Longer than the longest installation and start together. */
const TURN_MS = 25 * 60_000;

const inTurn = <T>(definition: EngineDefinition, work: () => Promise<T>): Promise<T> =>
  withLock(join(stateFolder(definition.name), 'lock.db'), TURN_MS, work);

/** Installs and starts it unless it answers already. Why it cannot be had is written where the tests look. */
export async function up(definition: EngineDefinition, say: (line: string) => void): Promise<EngineState> {
  return await inTurn(definition, async () => {
    const state = await nativeUp(definition, say).catch((error: unknown) => {
      if (error instanceof Unavailable) return { missing: error.message };
      return { missing: error instanceof Error ? error.message : String(error) };
    });
    writeAddress(definition.name, state);
    return state;
  });
}

/** Ends it; what it keeps stays. */
export async function down(definition: EngineDefinition): Promise<void> {
  await inTurn(definition, async () => {
    await nativeDown(definition);
    removeAddress(definition.name);
  });
}

/** The engine, if it answers now. */
export const status = (definition: EngineDefinition): Promise<Engine | undefined> => nativeStatus(definition);
