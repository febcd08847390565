import { defineCommand, UsageError } from '../../command.ts';
import { allIds } from '../../command-ids.ts';
import { HELD, heldFrom, heldOption } from '../../hold.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'rm',
  summary: 'Remove crashes from every configured store, the spool and the queue',
  args: '[ids...]',
  options: [
    { flags: '--yes', doc: 'do it; without it the command only says what it would remove' },
    heldOption,
  ],
  examples: ['auxilio store rm --yes ID'],
  async run(context) {
    if (context.args.length === 0 && process.stdin.isTTY)
      throw new UsageError('give crash ids as arguments, or one a line on stdin');
    const ids = await allIds(context, context.args);
    const evenIfHeld = context.options['evenIfHeld'] === true;
    const held = await heldFrom(context);
    return withApp(context, async (app) => {
      let left = 0;
      for (const id of ids) {
        if (!context.options['yes'] && !held.has(id)) {
          context.print(`${id} would be removed; add --yes`);
          continue;
        }
        const removal = held.has(id)
          ? 'held'
          : await app.removeEverywhere(id, { signal: context.signal, evenIfHeld });
        if (removal === 'removed') context.print(`${id} removed`);
        else if (removal === 'forgotten') context.print(`${id}: its task was removed; no store had it`);
        else {
          left += 1;
          context.warn(removal === 'held' ? `${id} ${HELD}` : `${id}: nothing had it`);
        }
      }
      return left > 0 ? 1 : 0;
    });
  },
});
