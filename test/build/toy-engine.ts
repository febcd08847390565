/** An engine in the way of `scripts/engines/`, small enough to be started, killed and frozen many times. */
import { join } from 'node:path';
import type { Answer, EngineDefinition, Place } from '../../scripts/engines/definition.ts';
import { startService } from '../../scripts/engines/processes.ts';

const program = join(import.meta.dirname, '../scripts/processes/toy-engine.ts');

type Behaviour = 'answers' | 'dies' | 'mute';

function startToy(place: Place, port: number | undefined, behaviour: Behaviour): Promise<number> {
  return startService({
    command: process.execPath,
    args: [program, String(port), join(place.folder, `data-${port}`), behaviour],
    cwd: place.folder,
    log: join(place.folder, 'log'),
  });
}

/** How often it was started over its data is its version. */
async function ask(place: Place): Promise<Answer> {
  const url = `http://127.0.0.1:${place.ports[0]}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000), headers: { connection: 'close' } });
  return { url, version: await answer.text() };
}

export function toyEngine(behaviour: Behaviour, changes: Partial<EngineDefinition> = {}): EngineDefinition {
  return {
    name: 'toy',
    ports: 2,
    startMs: behaviour === 'mute' ? 1_500 : 20_000,
    install: async () => undefined,
    start: async (place) => [
      await startToy(place, place.ports[0], behaviour),
      await startToy(place, place.ports[1], 'answers'),
    ],
    ask,
    ...changes,
  };
}
