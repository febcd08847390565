import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SettingsError } from '../../lib/settings.ts';
import { LiveGenerator } from '../../signature/live-generator.ts';
import type { Opening } from '../app.ts';
import type { Configuration } from '../config/configuration.ts';
import { packageRoot } from '../package-root.ts';
import { signatureRules } from '../signature-rules.ts';

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

export async function open({ configuration, log, app, onClose }: Opening): Promise<LiveGenerator> {
  const folder = await listFolder(configuration);
  const signatures = await LiveGenerator.open({
    folder,
    log,
    rules: await signatureRules(configuration),
    // What is known of an operator's own lines: whether one may back-track badly takes a while to find out.
    cacheFile: join(configuration.dataDir, 'siglists.checked'),
    keep: async (lists, options) => (await app.listVersions()).keep(lists, options),
  });
  onClose('signatures', () => signatures.close());
  return signatures;
}
