import type { CommandContext } from '../../command.ts';
import { printRows } from '../../rows.ts';
import { withApp } from '../../with-app.ts';

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const loop = await app.crontabber();
    const known = new Set(loop.jobs.map(({ name }) => name));
    const ghosts = [...(await loop.readStates()).keys()].filter((name) => !known.has(name)).sort();
    if (context.options['format'] !== 'text') {
      printRows(
        context,
        ghosts.map((job) => ({ job })),
      );
    } else if (ghosts.length > 0) {
      context.print('Found the following in the state database but not available as a configured job:');
      for (const name of ghosts) context.print(`\t${name}`);
    }
    return 0;
  });
