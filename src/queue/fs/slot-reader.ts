/** The head of a slot tree: what to take next, without walking the tree for each task. */
import { join } from 'node:path';
import type { Timing } from '../timing.ts';
import type { SlotTree } from './slot-tree.ts';

export interface Found {
  readonly path: string;
  readonly file: string;
}

/** Names kept at once; they come from as many slots as it takes. */
const ENOUGH = 4_096;
/** A few misses mean that other processes take from the same list. */
const STALE_AFTER = 64;

export class SlotReader {
  readonly #tree: SlotTree;
  readonly #timing: Timing;
  readonly #pollMs: number;
  /** `delayed`: nothing is handed out before its time. */
  readonly #kind: 'waiting' | 'delayed';
  /** Last first. */
  #found: Found[] = [];
  #lookAgainAt = Number.NEGATIVE_INFINITY;
  #misses = 0;

  constructor(tree: SlotTree, kind: 'waiting' | 'delayed', timing: Timing, pollMs: number) {
    this.#tree = tree;
    this.#kind = kind;
    this.#timing = timing;
    this.#pollMs = pollMs;
  }

  /** The oldest that is ready; undefined when there is none. It stays the oldest until `taken` or `missed`. */
  async head(): Promise<Found | undefined> {
    if (this.#ready()) return this.#found.at(-1);
    if (this.#timing.elapsed() < this.#lookAgainAt) return undefined;
    await this.#look();
    return this.#ready() ? this.#found.at(-1) : undefined;
  }

  taken(): void {
    this.#drop(1);
    this.#misses = 0;
  }

  /**
   * Somebody else was faster. Goes on at random further down, so that processes that read the same list do not run
   * after each other; what is left out is found again at the next look.
   */
  missed(): void {
    this.#drop(1);
    this.#misses += 1;
    if (this.#misses > STALE_AFTER) this.changed();
    else if (this.#misses > 2) {
      this.#drop(Math.floor(this.#timing.random() * Math.min(2 ** this.#misses, this.#found.length / 2)));
    }
  }

  /** It could not be taken, nor is it gone: it is left alone until the next look. */
  failed(): void {
    this.#drop(1);
    if (this.#found.length === 0) this.#lookAgainAt = this.#timing.elapsed() + this.#pollMs;
  }

  /** A list that was used up says nothing of what has come since. */
  #drop(count: number): void {
    this.#found.length -= Math.min(count, this.#found.length);
    if (this.#found.length === 0) this.#lookAgainAt = Number.NEGATIVE_INFINITY;
  }

  /** This process has put something in. */
  added(time: number): void {
    this.#lookAgainAt = Number.NEGATIVE_INFINITY;
    if (this.#kind === 'delayed' && this.#found.length > 0 && time < this.#timeOf(this.#found[0]))
      this.#found = [];
  }

  changed(): void {
    this.#found = [];
    this.#misses = 0;
    this.#lookAgainAt = Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds until the head is ready or the next look is due. */
  idleMs(): number {
    const look = this.#lookAgainAt - this.#timing.elapsed();
    const head = this.#found.at(-1);
    const due = head ? this.#timeOf(head) - this.#timing.now() : Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(look, due, this.#pollMs));
  }

  #ready(): boolean {
    const head = this.#found.at(-1);
    return head !== undefined && (this.#kind === 'waiting' || this.#timeOf(head) <= this.#timing.now());
  }

  /** What cannot be read is ready: it must be got out of the way. */
  #timeOf(found: Found | undefined): number {
    const time = Number.parseInt(found?.file ?? '', 10);
    return Number.isNaN(time) ? 0 : time;
  }

  async #look(): Promise<void> {
    // Set before the walk: what is added while it runs may have been missed by it.
    this.#lookAgainAt = this.#timing.elapsed() + this.#pollMs;
    const found: Found[] = [];
    const until = this.#kind === 'delayed' ? this.#timing.now() + this.#pollMs : undefined;
    for await (const slot of this.#tree.slots(until)) {
      for (const file of await this.#tree.entries(slot)) found.push({ path: join(slot.path, file), file });
      if (found.length >= ENOUGH) break;
    }
    this.#found = found.sort((a, b) => (a.file < b.file ? 1 : -1));
  }
}
