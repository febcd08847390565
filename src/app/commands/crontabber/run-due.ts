import type { CommandContext } from '../../command.ts';
import { withApp } from '../../with-app.ts';

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const ran = await (await app.crontabber()).runDue({ signal: context.signal });
    context.print(ran.length === 0 ? 'nothing was due' : `ran ${ran.join(', ')}`);
    return 0;
  });
