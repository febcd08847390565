/** The engines before and after a run of the tests. */
import { down, status, up } from './bring.ts';
import type { EngineDefinition } from './definition.ts';
import { type Ground, HERE } from './state.ts';

export interface Hooks {
  say(line: string): void;
  /** Told of each that cannot be had, and why. */
  without(name: string, reason: string): void;
}

/** Resolves with the engines that were not running before: they are the run's to end. */
export async function bringForTests(
  engines: readonly EngineDefinition[],
  hooks: Hooks,
  ground: Ground = HERE,
): Promise<readonly EngineDefinition[]> {
  const started = await Promise.all(
    engines.map(async (engine) => {
      const wasThere = (await status(engine, ground)) !== undefined;
      const state = await up(engine, hooks.say, ground);
      if ('missing' in state) hooks.without(engine.name, state.missing);
      else hooks.say(`${engine.name} ${state.version} ${wasThere ? 'was running' : 'started'}: ${state.url}`);
      return 'missing' in state || wasThere ? [] : [engine];
    }),
  );
  return started.flat();
}

export async function endAfterTests(
  engines: readonly EngineDefinition[],
  ground: Ground = HERE,
): Promise<void> {
  await Promise.all(engines.map((engine) => down(engine, ground)));
}
