/** The style sheet and the icon, served under names that hold the digest of their content. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Asset {
  readonly url: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export interface Assets {
  readonly style: Asset;
  readonly icon: Asset;
}

const FOLDER = join(import.meta.dirname, 'static');

function load(name: string, ext: string, type: string): Asset {
  const bytes = readFileSync(join(FOLDER, `${name}.${ext}`));
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { url: `/static/${name}.${digest}.${ext}`, type, bytes };
}

/** Reads them from beside this file; throws when the package is incomplete. */
export const loadAssets = (): Assets => ({
  style: load('style', 'css', 'text/css; charset=utf-8'),
  icon: load('icon', 'svg', 'image/svg+xml'),
});
