/** The lists that signatures are made with now, and those of earlier digests. */
import { resolve } from 'node:path';
import type { Signatures } from '../../signature/generator.ts';
import type { ListTexts } from '../../signature/lists.ts';
import type { App } from '../app.ts';

/** As the original's debug log says it. */
export function listsText({ configuration: { settings, cwd } }: App): string {
  const { list_dir: folder } = settings.signature;
  return folder === ''
    ? 'using included signature lists'
    : `using signature lists from ${resolve(cwd, folder)}`;
}

export async function listTexts(
  app: App,
  generator: Signatures,
  digest: string,
): Promise<ListTexts | undefined> {
  if (generator.lists.digest === digest) return generator.lists.texts;
  return (await app.listVersions()).find(digest);
}
