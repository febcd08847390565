import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SettingsError } from '../../lib/settings.ts';
import { SignatureGenerator } from '../../signature/generator.ts';
import { loadLists } from '../../signature/list-folder.ts';
import type { Opening } from '../app.ts';
import type { Configuration } from '../config/configuration.ts';
import { packageRoot } from '../package-root.ts';

/** A list that is missing matches nothing; a whole folder that is missing is a slip. */
async function listFolder({ settings, cwd }: Configuration): Promise<string> {
  const { list_dir: given } = settings.signature;
  if (!given) return join(packageRoot, 'siglists');
  const folder = resolve(cwd, given);
  try {
    await readdir(folder);
    return folder;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SettingsError(`SIGNATURE_LIST_DIR: ${folder} cannot be read (${code})`, { cause });
  }
}

export async function open({ configuration }: Opening): Promise<SignatureGenerator> {
  const folder = await listFolder(configuration);
  // What is known of an operator's own lines: whether one may back-track badly takes a while to find out.
  const cacheFile = join(configuration.dataDir, 'siglists.checked');
  return new SignatureGenerator({ lists: await loadLists(folder, { cacheFile }) });
}
