/** What `PowerCutDisk` remembers of a disk, and what a power cut leaves of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** When something began and ended, in events; `end` is Infinity while it runs. */
export interface Span {
  readonly begin: number;
  end: number;
}

export interface Write extends Span {
  readonly bytes: Uint8Array;
}

export interface FileNode {
  readonly kind: 'file';
  readonly writes: Write[];
  readonly syncs: Span[];
}

/** One change of one name in a folder; without `node` the name goes. */
export interface NameChange extends Span {
  readonly name: string;
  readonly node: Node | undefined;
  /** Durable by itself when it ends (`makeFolder`). */
  readonly self?: boolean;
  /** The new name, where this is the old name of a rename. */
  readonly newName?: PlacedChange;
  /** What must be gone before this folder can be. */
  readonly below?: readonly PlacedChange[];
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly changes: NameChange[];
  readonly syncs: Span[];
}

export type Node = FileNode | FolderNode;
export type PlacedChange = readonly [FolderNode, NameChange];

export const newFolder = (): FolderNode => ({ kind: 'folder', changes: [], syncs: [] });
export const newFile = (): FileNode => ({ kind: 'file', writes: [], syncs: [] });

/** The name as the running system sees it. */
export const current = (folder: FolderNode, name: string): Node | undefined =>
  folder.changes.findLast((c) => c.name === name)?.node;

/** Records the removal of everything in a folder; the changes go to `below`. */
export function emptyFolder(folder: FolderNode, begin: number, below: PlacedChange[]): void {
  for (const name of new Set(folder.changes.map((c) => c.name))) {
    const node = current(folder, name);
    if (!node) continue;
    const inner: PlacedChange[] = [];
    if (node.kind === 'folder') emptyFolder(node, begin, inner);
    const change = { name, node: undefined, begin, end: Number.POSITIVE_INFINITY, below: inner };
    folder.changes.push(change);
    below.push(...inner, [folder, change]);
  }
}

/** One power cut at one point: decides once for each change whether it is on the disk. */
export class Cut {
  readonly #point: number;
  readonly #random: (() => number) | undefined;
  readonly #decided = new Map<NameChange, boolean>();
  readonly #contents = new Map<FileNode, Buffer>();

  constructor(point: number, random: (() => number) | undefined) {
    this.#point = point;
    this.#random = random;
  }

  /** Builds what is left of a folder at `target`. Hard links become copies. */
  async build(folder: FolderNode, target: string): Promise<void> {
    await mkdir(target, { recursive: true });
    const names = new Map<string, Node>();
    for (const change of folder.changes) {
      if (!this.#keeps(folder, change)) continue;
      if (change.node) names.set(change.name, change.node);
      else names.delete(change.name);
    }
    for (const [name, node] of names) {
      const path = join(target, name);
      if (node.kind === 'folder') await this.build(node, path);
      else await writeFile(path, this.#contentsOf(node));
    }
  }

  #keeps(folder: FolderNode, change: NameChange): boolean {
    const known = this.#decided.get(change);
    if (known !== undefined) return known;
    const keeps = this.#decide(folder, change);
    this.#decided.set(change, keeps);
    return keeps;
  }

  #decide(folder: FolderNode, change: NameChange): boolean {
    if (change.begin > this.#point) return false;
    if (change.self && change.end <= this.#point) return true;
    const isSynced = this.#isCovered(folder.syncs, change);
    if (change.newName) {
      const hasNewName = this.#keeps(...change.newName);
      return hasNewName && (isSynced || change.newName[0] === folder || this.#chance());
    }
    if (isSynced) return true;
    return (change.below ?? []).every((placed) => this.#keeps(...placed)) && this.#chance();
  }

  #contentsOf(file: FileNode): Buffer {
    const known = this.#contents.get(file);
    if (known) return known;
    const begun = file.writes.filter((w) => w.begin <= this.#point);
    const durable = begun.findLastIndex((w) => this.#isCovered(file.syncs, w)) + 1;
    const rest = Buffer.concat(begun.slice(durable).map((w) => w.bytes));
    const contents = Buffer.concat([...begun.slice(0, durable).map((w) => w.bytes), this.#tear(rest)]);
    this.#contents.set(file, contents);
    return contents;
  }

  /** Unsynced bytes: cut off somewhere, and blocks that were allocated and never written read as zeros. */
  #tear(bytes: Buffer): Buffer {
    if (!this.#random) return Buffer.alloc(0);
    const length = this.#chance() ? bytes.length : Math.floor(this.#random() * (bytes.length + 1));
    for (let at = 0; at < length; at += 512) {
      if (this.#random() < 0.2) bytes.fill(0, at, Math.min(at + 512, bytes.length));
    }
    return bytes.subarray(0, length);
  }

  #isCovered(syncs: readonly Span[], what: Span): boolean {
    return syncs.some((s) => s.end <= this.#point && what.end < s.begin);
  }

  #chance(): boolean {
    return this.#random !== undefined && this.#random() < 0.5;
  }
}
