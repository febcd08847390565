import { join } from 'node:path';
import { LiveGenerator } from '../../signature/live-generator.ts';
import type { Opening } from '../app.ts';
import { listFolder } from '../siglists/list-folder.ts';
import { signatureRules } from '../signature-rules.ts';

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
