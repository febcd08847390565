/**
 * Who is alive among the processes that share a spool. Each keeps `leases/OWNER` fresh; a box belongs to the owner in its
 * name. On one machine the process id and its start time decide; elsewhere a lease that stands still for too long, by
 * the observer's own clock, so that clocks need not agree.
 *
 * A process that was only paused may find its box taken. Therefore nobody answers a client before he knows that his
 * lease was good after the report was durable: whoever adopts later, finds the report in the box.
 */
import { randomUUID } from 'node:crypto';
import { readFile, readlink, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Disk, listFolder } from '../lib/disk.ts';
import { unlinkIfThere } from '../lib/disk-steps.ts';

interface Holder {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; empty where the system does not tell. */
  readonly started: string;
  readonly host: string;
  readonly machine: string;
  readonly boot: string;
  readonly pidNamespace: string;
}

async function textOf(path: string, read: (path: string) => Promise<string>): Promise<string> {
  try {
    return (await read(path)).trim();
  } catch {
    // Only Linux has these files; without them leases alone decide.
    return '';
  }
}

const fileText = (path: string): Promise<string> => textOf(path, (p) => readFile(p, 'utf8'));

/** proc_pid_stat(5): field 22, counted after the name in parentheses, which may hold anything. */
async function startTime(pid: number): Promise<string> {
  const text = await fileText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function thisProcess(): Promise<Holder> {
  return {
    pid: process.pid,
    started: await startTime(process.pid),
    host: hostname(),
    machine: await fileText('/etc/machine-id'),
    boot: await fileText('/proc/sys/kernel/random/boot_id'),
    pidNamespace: await textOf('/proc/self/ns/pid', readlink),
  };
}

/** Ours, while this process lives. */
export class Lease {
  readonly owner: string;
  readonly #path: string;
  readonly #disk: Disk;
  #confirmed = { steady: performance.now(), wall: Date.now() };

  private constructor(path: string, owner: string, disk: Disk) {
    this.#path = path;
    this.owner = owner;
    this.#disk = disk;
  }

  static async acquire(folder: string, disk: Disk): Promise<Lease> {
    const owner = randomUUID();
    const path = join(folder, owner);
    await writeFile(path, JSON.stringify(await thisProcess()), { flag: 'wx' });
    return new Lease(path, owner, disk);
  }

  /** Milliseconds since it was last known to be good. */
  get age(): number {
    // The steady clock stands still while the machine sleeps, the other one may be set: the worse of the two.
    return Math.max(performance.now() - this.#confirmed.steady, Date.now() - this.#confirmed.wall);
  }

  /** False when it was taken away: somebody thought that this process was dead. */
  async renew(): Promise<boolean> {
    const begun = { steady: performance.now(), wall: Date.now() };
    const now = new Date();
    try {
      await utimes(this.#path, now, now);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.#confirmed = begun;
    return true;
  }

  release(): Promise<void> {
    return unlinkIfThere(this.#disk, this.#path);
  }
}

/** What this process knows of the others. */
export class Neighbours {
  readonly #folder: string;
  readonly #leaseMs: number;
  readonly #disk: Disk;
  readonly #seen = new Map<string, { readonly mtime: number; readonly since: number }>();
  #self: Promise<Holder> | undefined;

  constructor(folder: string, leaseMs: number, disk: Disk) {
    this.#folder = folder;
    this.#leaseMs = leaseMs;
    this.#disk = disk;
  }

  async isDead(owner: string): Promise<boolean> {
    const path = join(this.#folder, owner);
    let text: string;
    let mtime: number;
    try {
      mtime = (await stat(path)).mtimeMs;
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      throw error;
    }
    this.#self ??= thisProcess();
    const holder = parseHolder(text);
    const known = holder ? await verdict(holder, await this.#self) : undefined;
    return known ? known === 'dead' : this.#hasStoodStill(owner, mtime);
  }

  /** Removes the leases of the dead who have no box left. */
  async forget(owners: ReadonlySet<string>): Promise<void> {
    for (const name of await listFolder(this.#folder)) {
      if (owners.has(name)) continue;
      if (await this.isDead(name)) await unlinkIfThere(this.#disk, join(this.#folder, name));
    }
  }

  /** A lease of a dead owner goes before his boxes do: should he only have been paused, he notices. */
  revoke(owner: string): Promise<void> {
    this.#seen.delete(owner);
    return unlinkIfThere(this.#disk, join(this.#folder, owner));
  }

  #hasStoodStill(owner: string, mtime: number): boolean {
    const seen = this.#seen.get(owner);
    if (seen?.mtime === mtime) return performance.now() - seen.since > this.#leaseMs;
    this.#seen.set(owner, { mtime, since: performance.now() });
    return false;
  }
}

/** Undefined for one that is being written, or that a power cut left empty. */
function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** What the process table says; undefined when it says nothing about that process. */
async function verdict(holder: Holder, self: Holder): Promise<'dead' | 'alive' | undefined> {
  if (self.boot === '' || self.pidNamespace === '') return undefined;
  if (holder.boot !== self.boot) {
    // The same machine, started again since.
    const isSameMachine = self.machine !== '' && holder.machine === self.machine && holder.host === self.host;
    return isSameMachine ? 'dead' : undefined;
  }
  if (holder.pidNamespace !== self.pidNamespace) return undefined;
  // Process ids are used again; the start time tells one process from the next.
  const started = await startTime(holder.pid);
  return started !== '' && started === holder.started ? 'alive' : 'dead';
}
