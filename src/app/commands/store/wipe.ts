import type { UpkeepTarget } from '../../../storage/upkeep-targets.ts';
import type { App } from '../../app.ts';
import { type CommandContext, CommandError, defineCommand } from '../../command.ts';
import { heldFrom, heldOption } from '../../hold.ts';
import { counted } from '../../rows.ts';
import { allOption, chosenTargets, forEachTarget, nameOrAll } from '../../upkeep-choice.ts';
import { stateWipes } from '../../wipe-state.ts';
import { withApp } from '../../with-app.ts';

/** As a start refuses what is insecure: ENVIRONMENT alone says that a machine is nobody's but the developer's. */
function checkEnvironment({ options }: CommandContext, { configuration }: App): void {
  const { environment } = configuration.settings.app;
  if (environment === 'development' || options['evenInProduction'] === true) return;
  throw new CommandError(
    `ENVIRONMENT is ${environment}: nothing was emptied; set ENVIRONMENT=development, or add --even-in-production`,
  );
}

/** Whether a store has one of them is not asked: who keeps such a list does not empty stores by the way. */
async function checkHold(context: CommandContext): Promise<void> {
  const { size } = await heldFrom(context);
  if (size === 0) return;
  throw new CommandError(
    `${counted(size, 'crash', 'crashes')} under legal hold (JOB_CLEANUP_STORAGE_HOLD): nothing was emptied; add --even-if-held`,
  );
}

/** A store that holds crashes and cannot be emptied must not look as if it were empty. */
async function wipeStore(
  context: CommandContext,
  { name, plan, context: opening }: UpkeepTarget,
): Promise<void> {
  const { upkeep, use } = plan.backend;
  const known = plan.backend.capabilities(plan.options, [], plan.label);
  if (
    !upkeep &&
    (!known || ['raw.read', 'processed.read', 'list', 'blobs'].some((c) => known.has(c as never)))
  )
    throw new CommandError(`${name}: ${use} cannot be emptied by this command`);
  const lines =
    (await upkeep?.wipe(plan.options, opening, { label: plan.label, signal: context.signal })) ?? [];
  for (const line of lines.length > 0 ? lines : ['nothing to empty']) context.print(`${name}: ${line}`);
}

async function wipeState(context: CommandContext, app: App): Promise<number> {
  let failed = 0;
  for (const { name, wipe } of stateWipes(app)) {
    try {
      const line = await wipe({ signal: context.signal });
      if (line) context.print(`state: ${line}`);
    } catch (error) {
      if (context.signal.aborted) throw error;
      failed += 1;
      context.warn(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed > 0 ? 1 : 0;
}

export default defineCommand({
  name: 'wipe',
  summary:
    'Empty a store, or with --all every store, the queue, the spool and all other state: for development',
  args: '[name]',
  options: [
    { ...allOption, doc: 'every configured store, the queue, the spool and the database' },
    { flags: '--yes', doc: 'do it; without it the command only says what it would empty' },
    { flags: '--even-in-production', doc: 'needed as well where ENVIRONMENT is not `development`' },
    { ...heldOption, doc: 'needed as well where crashes are under legal hold (JOB_CLEANUP_STORAGE_HOLD)' },
  ],
  examples: ['auxilio store wipe index --yes', 'ENVIRONMENT=development auxilio store wipe --all --yes'],
  async run(context) {
    const name = nameOrAll(context);
    return withApp(context, async (app) => {
      const targets = await chosenTargets(app, name);
      if (context.options['yes'] !== true) {
        for (const target of targets) context.print(`${target.name} would be emptied; add --yes`);
        if (name === undefined)
          for (const state of stateWipes(app)) context.print(`${state.name} would be emptied; add --yes`);
        return 0;
      }
      checkEnvironment(context, app);
      await checkHold(context);
      // What is behind the stores first: it would fill them again.
      const state = name === undefined ? await wipeState(context, app) : 0;
      const stores = await forEachTarget(context, targets, (target) => wipeStore(context, target));
      return Math.max(state, stores);
    });
  },
});
