/**
 * A disk that remembers what was synced. It does every operation for real under `root` and logs it; `materialise`
 * then builds the tree as a power cut at any point of the log would have left it. SIGKILL cannot show a missing
 * fsync, because the page cache survives it; this can.
 *
 * The strict cut drops everything that is not covered by a sync: bytes written after the last `DiskFile.sync`, names
 * made, moved or removed in a folder after its last `syncFolder`. A sync covers what had *ended* before it *began*.
 * With `random`, each of those may be kept or not, and unsynced bytes may be torn or turned to zeros: what a real
 * file system leaves lies between. Test both: some faults show only when the disk did more than it had to.
 *
 * One promise of every journaling file system is kept: the old name of a rename never goes before the new one is there.
 */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type Disk, type DiskFile, NodeDisk } from '../../src/lib/disk.ts';
import { type DiskStep, stepByStep } from '../../src/lib/disk-steps.ts';
import {
  Cut,
  current,
  emptyFolder,
  type FileNode,
  type FolderNode,
  type NameChange,
  type Node,
  newFile,
  newFolder,
  type PlacedChange,
  type Span,
  type Write,
} from './power-cut-tree.ts';

export interface CutOptions {
  /** Numbers in [0, 1): decides for each unsynced thing. Without it all of them are dropped. */
  readonly random?: (() => number) | undefined;
}

/** A seeded generator for `CutOptions.random` (mulberry32), so that a failure can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Covers what was there from the start. */
const FROM_THE_START: Span = { begin: 0.5, end: 0 };

export class PowerCutDisk implements Disk {
  readonly root: string;
  readonly #inner: Disk;
  readonly #tree = newFolder();
  readonly #marks: { readonly at: number; readonly name: string }[] = [];
  #events = 0;

  private constructor(root: string, inner: Disk) {
    this.root = root;
    this.#inner = inner;
  }

  /** What is under `root` already counts as durable: so a recovery can itself be cut. `root` is made when missing. */
  static async open(root: string, inner: Disk = new NodeDisk()): Promise<PowerCutDisk> {
    const disk = new PowerCutDisk(root, inner);
    await mkdir(root, { recursive: true });
    await disk.#scan(root, disk.#tree, new Map());
    return disk;
  }

  /** How many points there are to cut at: 0 (nothing happened) to `events` (everything that ended has). */
  get events(): number {
    return this.#events;
  }

  /** Notes that something was promised to the outside now, such as an answered crash id. */
  mark(name: string): void {
    this.#marks.push({ at: this.#events, name });
  }

  /** What had been promised at a point. */
  marksAt(point: number): string[] {
    return this.#marks.filter((m) => m.at <= point).map((m) => m.name);
  }

  /** Builds under `target` (made here) what is left of `root` after a power cut when `point` events had happened. */
  async materialise(point: number, target: string, options: CutOptions = {}): Promise<void> {
    await new Cut(point, options.random).build(this.#tree, target);
  }

  async open(path: string, mode: 'create' | 'append'): Promise<DiskFile> {
    const existing = mode === 'append' ? this.#find(path) : undefined;
    const node = existing?.kind === 'file' ? existing : newFile();
    const file = existing
      ? await this.#inner.open(path, mode)
      : await this.#change([[path, node]], () => this.#inner.open(path, mode));
    return {
      write: (bytes) => this.#write(node, file, bytes),
      sync: () => this.#sync(node, () => file.sync()),
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    const node = this.#find(from);
    await this.#change(
      [
        [to, node],
        [from, undefined],
      ],
      () => this.#inner.rename(from, to),
    );
  }

  async link(from: string, to: string): Promise<void> {
    await this.#change([[to, this.#find(from)]], () => this.#inner.link(from, to));
  }

  async unlink(path: string): Promise<void> {
    await this.#change([[path, undefined]], () => this.#inner.unlink(path));
  }

  async makeFolder(path: string, options?: { readonly sync?: boolean }): Promise<boolean> {
    const begin = this.#next();
    const made: NameChange[] = [];
    let folder = this.#tree;
    const parts = this.#parts(path);
    for (const [i, name] of parts.entries()) {
      let child = current(folder, name);
      if (child?.kind !== 'folder') {
        child = newFolder();
        // Unsynced on wish, but its parents never.
        const self = options?.sync !== false || i < parts.length - 1;
        const change: NameChange = { name, node: child, self, begin, end: Number.POSITIVE_INFINITY };
        folder.changes.push(change);
        made.push(change);
      }
      folder = child;
    }
    const isNew = await this.#inner.makeFolder(path, options);
    const end = this.#next();
    for (const change of made) change.end = end;
    return isNew;
  }

  async removeFolder(path: string): Promise<void> {
    const node = this.#find(path);
    if (!node) return this.#inner.removeFolder(path);
    const parent = this.#folder(dirname(path));
    const begin = this.#next();
    const below: PlacedChange[] = [];
    if (node.kind === 'folder') emptyFolder(node, begin, below);
    const gone: NameChange = {
      name: basename(path),
      node: undefined,
      begin,
      end: Number.POSITIVE_INFINITY,
      below,
    };
    parent.changes.push(gone);
    await this.#inner.removeFolder(path);
    const end = this.#next();
    for (const change of [gone, ...below.map(([, c]) => c)]) change.end = end;
  }

  syncFolder(path: string): Promise<void> {
    return this.#sync(this.#folder(path), () => this.#inner.syncFolder(path));
  }

  series(steps: readonly DiskStep[]): Promise<void> {
    return stepByStep(this, steps);
  }

  async #write(node: FileNode, file: DiskFile, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const copy = Buffer.concat(bytes instanceof Uint8Array ? [bytes] : [...bytes]);
    const write: Write = { bytes: copy, begin: this.#next(), end: Number.POSITIVE_INFINITY };
    node.writes.push(write);
    try {
      await file.write(bytes);
      write.end = this.#next();
    } catch (error) {
      node.writes.splice(node.writes.indexOf(write), 1);
      throw error;
    }
  }

  async #sync(node: Node, work: () => Promise<void>): Promise<void> {
    const span: Span = { begin: this.#next(), end: Number.POSITIVE_INFINITY };
    node.syncs.push(span);
    await work();
    span.end = this.#next();
  }

  /** Records changes of names around the real operation; undone in the record when that fails. */
  async #change<T>(
    names: readonly (readonly [string, Node | undefined])[],
    work: () => Promise<T>,
  ): Promise<T> {
    const begin = this.#next();
    const made: PlacedChange[] = [];
    for (const [path, node] of names) {
      const change: NameChange = {
        name: basename(path),
        node,
        begin,
        end: Number.POSITIVE_INFINITY,
        ...(made[0] ? { newName: made[0] } : {}),
      };
      const folder = this.#folder(dirname(path));
      folder.changes.push(change);
      made.push([folder, change]);
    }
    try {
      const result = await work();
      const end = this.#next();
      for (const [, change] of made) change.end = end;
      return result;
    } catch (error) {
      for (const [folder, change] of made) folder.changes.splice(folder.changes.indexOf(change), 1);
      throw error;
    }
  }

  #next(): number {
    this.#events += 1;
    return this.#events;
  }

  #parts(path: string): string[] {
    const inside = relative(this.root, path);
    if (inside.startsWith('..')) throw new Error(`${path} is outside ${this.root}`);
    return inside === '' ? [] : inside.split(sep);
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#tree;
    for (const name of this.#parts(path)) {
      node = node?.kind === 'folder' ? current(node, name) : undefined;
    }
    return node;
  }

  #folder(path: string): FolderNode {
    const node = this.#find(path);
    if (node?.kind === 'folder') return node;
    throw Object.assign(new Error(`${path} was not made through this disk`), { code: 'ENOENT' });
  }

  async #scan(path: string, folder: FolderNode, seen: Map<number, FileNode>): Promise<void> {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      const { ino } = await stat(child);
      let node: Node;
      if (entry.isDirectory()) {
        node = newFolder();
        await this.#scan(child, node, seen);
      } else {
        const bytes = await readFile(child);
        node = seen.get(ino) ?? {
          kind: 'file',
          writes: [{ bytes, begin: 0, end: 0 }],
          syncs: [FROM_THE_START],
        };
        seen.set(ino, node);
      }
      folder.changes.push({ name: entry.name, node, self: true, begin: 0, end: 0 });
    }
  }
}
