import { defineCommand, UsageError } from '../../command.ts';
import { allIds } from '../../command-ids.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'rm',
  summary: 'Remove crashes from every configured store, the spool and the queue',
  args: '[ids...]',
  options: [{ flags: '--yes', doc: 'do it; without it the command only says what it would remove' }],
  examples: ['auxilio store rm --yes ID'],
  async run(context) {
    if (context.args.length === 0 && process.stdin.isTTY)
      throw new UsageError('give crash ids as arguments, or one a line on stdin');
    const ids = await allIds(context, context.args);
    return withApp(context, async (app) => {
      let missing = 0;
      for (const id of ids) {
        if (!context.options['yes']) context.print(`${id} would be removed; add --yes`);
        else if (await app.removeEverywhere(id, { signal: context.signal })) context.print(`${id} removed`);
        else {
          missing += 1;
          context.warn(`${id}: nothing had it`);
        }
      }
      return missing > 0 ? 1 : 0;
    });
  },
});
