/** The folder of everything embedded. */
import { makeFolders } from '../lib/make-folders.ts';
import { CommandError } from './command.ts';
import type { Configuration } from './config/configuration.ts';

/** Rejects with one line that names the setting. */
export async function makeDataFolder({ dataDir }: Configuration): Promise<void> {
  try {
    await makeFolders(dataDir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`DATA_DIR: ${dataDir} cannot be made (${code}); name a folder that can`, {
      cause,
    });
  }
}
