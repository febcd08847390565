import type { CommandContext } from '../../command.ts';
import { runServices } from '../../run-services.ts';

export const run = (context: CommandContext): Promise<number> => runServices(context, ['crontabber']);
