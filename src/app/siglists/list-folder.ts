import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SettingsError } from '../../lib/settings.ts';
import type { Configuration } from '../config/configuration.ts';
import { packageRoot } from '../package-root.ts';

/**
 * The folder of `--list-dir`, else that of the settings, else the one that comes with the package. A list that is missing
 * matches nothing; a whole folder that is missing is a slip: rejects with `SettingsError`.
 */
export async function listFolder({ settings, cwd }: Configuration, option?: unknown): Promise<string> {
  const [given, label] =
    typeof option === 'string' ? [option, '--list-dir'] : [settings.signature.list_dir, 'SIGNATURE_LIST_DIR'];
  if (given === '') return join(packageRoot, 'siglists');
  const folder = resolve(cwd, given);
  try {
    await readdir(folder);
    return folder;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SettingsError(`${label}: ${folder} cannot be read (${code})`, { cause });
  }
}
