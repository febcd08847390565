/** The store that `--store` names, or what the web site reads. */
import { type Capability, type CrashStorage, need } from '../../../storage/contract.ts';
import type { App } from '../../app.ts';
import type { CommandContext } from '../../command.ts';

export const storeOption = {
  flags: '--store <expression>',
  doc: 'a store or a wiring expression; default is what the web site reads',
};

export async function chosen<C extends Capability>(
  context: CommandContext,
  app: App,
  ...wanted: readonly C[]
): Promise<CrashStorage<C>> {
  const { store } = context.options;
  const [expression, label] =
    typeof store === 'string' ? [store, '--store'] : [app.configuration.settings.web.source, 'WEB_SOURCE'];
  return need(await (await app.stores()).get(expression, label), label, ...wanted);
}
