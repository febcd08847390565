/** What lies in a tree of Socorro's. */
import { join } from 'node:path';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { namesIn } from './crash-folders.ts';
import { dumpNameOf, type SocorroTree } from './socorro-paths.ts';

/** Ids below a day's `name` folder, leaf by leaf; trees of several depths may share it. */
export async function* listTree(folder: string, tree: SocorroTree): AsyncGenerator<CrashId> {
  const found = new Set<CrashId>();
  for (const name of await namesIn(folder)) {
    if (/^[0-9a-f]{2}$/.test(name)) yield* listTree(join(folder, name), tree);
    const id = tree === 'radix' ? name : name.replace(/\.jsonz?$/, '');
    // In the legacy tree a bare id is a link of the dated index.
    if (isCrashId(id) && (tree === 'radix' || id !== name)) found.add(id);
  }
  yield* found;
}

/** Files of a crash's dumps and their names; `known` are names that a file may be the digest of. */
export async function dumpFiles(
  folder: string,
  id: CrashId,
  known: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const file of await namesIn(folder)) {
    const name = dumpNameOf(id, file, known);
    if (name !== undefined) found.set(file, name);
  }
  return found;
}
