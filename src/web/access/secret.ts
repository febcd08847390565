/** The secret that signs cookies and form tokens: made once, kept in `DATA_DIR/web/secret`, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Reads the secret, or makes it; several processes that start at once end up with the same one. Removing the file ends all sessions. */
export async function loadSigningSecret(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'web');
  const file = join(folder, 'secret');
  await makeFolders(folder, { mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    return parse(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return parse(await readFile(file, 'utf8'), file);
}

function parse(text: string, file: string): string {
  const secret = text.trim();
  if (secret.length < 32) throw new Error(`${file} holds no secret; remove it and a new one is made`);
  return secret;
}
