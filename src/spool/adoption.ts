/** Taking over the boxes of processes that died. */
import { join } from 'node:path';
import { type Disk, listFolder } from '../lib/disk.ts';
import type { Log } from '../lib/log.ts';
import { Box } from './box.ts';
import type { Lease, Neighbours } from './lease.ts';
import { spoolMetrics } from './metrics.ts';
import type { Entry } from './segment.ts';

export interface AdoptionContext {
  /** The folder of boxes. */
  readonly folder: string;
  /** Where files go that nobody can read. */
  readonly damaged: string;
  readonly lease: Lease;
  readonly neighbours: Neighbours;
  readonly disk: Disk;
  readonly log: Log;
}

export interface Adopted {
  readonly box: Box;
  readonly entries: readonly Entry[];
}

/** Claims every box whose owner is dead. `mine` are the paths of those in hand. Boxes are given out as they are read. */
export async function* adoptBoxes(
  context: AdoptionContext,
  mine: ReadonlySet<string>,
): AsyncGenerator<Adopted> {
  const { folder, lease, neighbours, log } = context;
  const owners = new Set<string>();
  for (const name of await listFolder(folder)) {
    const [id, owner] = name.split('@');
    if (id === undefined || owner === undefined || mine.has(join(folder, name))) continue;
    owners.add(owner);
    // One of ours that is not in hand: claimed, but reading it failed.
    if (owner !== lease.owner && !(await neighbours.isDead(owner))) continue;
    const path = await claim(context, name, `${id}@${lease.owner}`);
    if (path === undefined) continue;
    const { box, entries } = await Box.recover(path, context);
    log.info({ box: id, entries: entries.length }, 'spool: the box of a dead process is taken over');
    spoolMetrics.count('spool_adopted_total', {}, entries.length);
    yield { box, entries };
  }
  await neighbours.forget(new Set([...owners, lease.owner]));
}

/** Undefined when another was first. */
async function claim(context: AdoptionContext, name: string, newName: string): Promise<string | undefined> {
  const { folder, disk, neighbours } = context;
  const path = join(folder, newName);
  if (name === newName) return path;
  await neighbours.revoke(name.split('@')[1] as string);
  try {
    await disk.rename(join(folder, name), path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
