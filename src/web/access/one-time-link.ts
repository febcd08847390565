/**
 * One-time links: `auxilio up` prints one, whoever opens it sees protected data. The token is known to the
 * link alone; the folder `DATA_DIR/web/links` keeps its SHA-256 as a file name and its end as the content,
 * so that any process can make a link and exactly one request can use it (removing the file is the use).
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { makeFolders } from '../../lib/make-folders.ts';

const LINK_LIFETIME_MS = 15 * 60_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export const linksFolder = (dataDir: string): string => join(dataDir, 'web', 'links');

const fileOf = (dataDir: string, token: string): string =>
  join(linksFolder(dataDir), createHash('sha256').update(token).digest('hex'));

const missing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';

/** Makes a link `<baseUrl>/open/<token>` that works once, until `lifetimeMs` from now. */
export async function createOneTimeLink(
  dataDir: string,
  baseUrl: string,
  clock: Clock,
  lifetimeMs: number = LINK_LIFETIME_MS,
): Promise<string> {
  await makeFolders(linksFolder(dataDir), { mode: 0o700 });
  await removeExpiredLinks(dataDir, clock);
  const token = randomBytes(32).toString('base64url');
  const file = fileOf(dataDir, token);
  const draft = join(dataDir, 'web', `${basename(file)}.new`);
  await writeFile(draft, new Date(clock.now().getTime() + lifetimeMs).toISOString(), { mode: 0o600 });
  await rename(draft, file);
  return `${baseUrl.replace(/\/$/, '')}/open/${token}`;
}

async function endOf(file: string): Promise<number | undefined> {
  try {
    return Date.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}

const isOpen = (end: number | undefined, clock: Clock): boolean =>
  end !== undefined && end > clock.now().getTime();

/** Whether the link could be used now; does not use it. */
export async function isLinkUsable(dataDir: string, token: string, clock: Clock): Promise<boolean> {
  return TOKEN.test(token) && isOpen(await endOf(fileOf(dataDir, token)), clock);
}

/** Uses the link up; true for exactly one caller, and only while it has not expired. */
export async function consumeLink(dataDir: string, token: string, clock: Clock): Promise<boolean> {
  if (!TOKEN.test(token)) return false;
  const file = fileOf(dataDir, token);
  const end = await endOf(file);
  try {
    await unlink(file);
  } catch (error) {
    if (missing(error)) return false;
    throw error;
  }
  return isOpen(end, clock);
}

async function removeExpiredLinks(dataDir: string, clock: Clock): Promise<void> {
  for (const name of await readdir(linksFolder(dataDir))) {
    const file = join(linksFolder(dataDir), name);
    if (isOpen(await endOf(file), clock)) continue;
    await unlink(file).catch((error: unknown) => {
      if (!missing(error)) throw error;
    });
  }
}
