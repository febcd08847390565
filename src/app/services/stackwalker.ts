import { need } from '../../storage/contract.ts';
import { createStackwalker } from '../../symbols/create-stackwalker.ts';
import type { Stackwalker } from '../../symbols/stackwalker.ts';
import type { Opening } from '../app.ts';
import { toolFolders } from '../config/values.ts';
import { sampleSymbols } from '../sample.ts';

export async function open({ configuration, log, app, onClose }: Opening): Promise<Stackwalker> {
  const settings = configuration.settings.symbols;
  const store = settings.symbols_store
    ? need(await (await app.stores()).get(settings.symbols_store), 'SYMBOLS_STORE', 'blobs')
    : undefined;
  const stackwalker = await createStackwalker(
    { dataDir: configuration.dataDir, log, toolFolders: toolFolders(), store },
    { ...settings, symbol_paths: [...settings.symbol_paths, sampleSymbols] },
  );
  onClose('stackwalker', () => stackwalker.close());
  return stackwalker;
}
