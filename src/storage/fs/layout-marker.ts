/** A file in the root that says how the tree is built, so that nobody reads or writes it as another one. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../../lib/disk.ts';
import { StorageError } from '../errors.ts';
import { errnoOf, isMissing, isUnlinkable } from './fs-errors.ts';
import { MARKER_FILE, type Staging } from './staging.ts';

/** Settings by the names people write; what a tree was made with is what it is opened with. */
export type LayoutSettings = Readonly<Record<string, string | number | boolean>>;

const write = (settings: LayoutSettings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

async function readMarker(store: string, root: string): Promise<LayoutSettings | undefined> {
  try {
    return JSON.parse(await readFile(join(root, MARKER_FILE), 'utf8')) as LayoutSettings;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new StorageError('corrupt', store, `${join(root, MARKER_FILE)} is not JSON`, { cause: error });
  }
}

async function looksLikeSocorro(root: string): Promise<boolean> {
  return (await readdir(root)).some((name) => /^(20\d{6}|\d{2})$/.test(name));
}

/** Leaves the marker in a fresh root; `invalid` when the tree is of another layout, saying what to set. */
export async function claimLayout(
  store: string,
  root: string,
  disk: Disk,
  staging: Staging,
  wanted: LayoutSettings,
): Promise<void> {
  const found = await readMarker(store, root);
  if (found === undefined) {
    if (wanted['layout'] === 'native' && (await looksLikeSocorro(root))) {
      const advice = 'set layout=socorro (and tree, dated) to use it, or another root';
      throw new StorageError('invalid', store, `${root} holds a crash tree of Socorro; ${advice}`);
    }
    if (await leaveMarker(root, disk, staging, wanted)) return;
    return claimLayout(store, root, disk, staging, wanted);
  }
  const keys = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
  if (keys.every((key) => found[key] === wanted[key])) return;
  throw new StorageError(
    'invalid',
    store,
    `${root} was made with ${write(found)}, not ${write(wanted)}; set it so, or use another root`,
  );
}

/** False when another process was first. */
async function leaveMarker(
  root: string,
  disk: Disk,
  staging: Staging,
  settings: LayoutSettings,
): Promise<boolean> {
  const draft = staging.newPath();
  const text = `${JSON.stringify(settings)}\n`;
  await staging.writeFile(draft, Buffer.from(text));
  try {
    await disk.link(draft, join(root, MARKER_FILE));
    await disk.syncFolder(root);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!isUnlinkable(error)) throw error;
    await staging.writeFile(join(root, MARKER_FILE), Buffer.from(text));
    await disk.syncFolder(root);
    return true;
  } finally {
    await disk.unlink(draft);
  }
}
