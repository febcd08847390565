/** Which stores an upkeep command is for: one that is named, or all that are configured. */
import { type UpkeepTarget, upkeepTargets } from '../storage/upkeep-targets.ts';
import type { App } from './app.ts';
import { type CommandContext, UsageError } from './command.ts';

export const allOption = { flags: '--all', doc: 'every configured store' };

/** The store's name; undefined for all. Throws `UsageError` when it is neither or both. */
export function nameOrAll({ args, options }: CommandContext): string | undefined {
  const [name] = args;
  if ((name === undefined) === (options['all'] !== true))
    throw new UsageError('name a store, or give --all for every configured one');
  return name;
}

/** The leaves, each once. Rejects with `SettingsError` for a name that is not configured. */
export async function chosenTargets(app: App, name: string | undefined): Promise<readonly UpkeepTarget[]> {
  const { stores, cwd, dataDir } = app.configuration;
  const options = { definitions: stores, baseDir: cwd, dataDir, log: app.log };
  const found = new Map<string, UpkeepTarget>();
  for (const expression of name === undefined ? stores.keys() : [name])
    for (const target of await upkeepTargets(expression, options, 'NAME')) found.set(target.name, target);
  return [...found.values()];
}

/** Runs `work` for each, goes on after a failure, and prints it; resolves with the exit code. */
export async function forEachTarget(
  context: CommandContext,
  targets: readonly UpkeepTarget[],
  work: (target: UpkeepTarget) => Promise<void>,
): Promise<number> {
  let failed = 0;
  for (const target of targets) {
    try {
      await work(target);
    } catch (error) {
      if (context.signal.aborted || targets.length === 1) throw error;
      failed += 1;
      context.warn(`${target.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed > 0 ? 1 : 0;
}
