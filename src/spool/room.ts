/** How much the disk of the spool still takes: asked of the file system, and counted in between. */
import { statfs } from 'node:fs/promises';
import type { Room } from './contract.ts';

/** While the disk is short of room it is asked again at most this often: it may have been emptied. */
const SHORT_POLL_MS = 100;

export class DiskRoom {
  readonly #root: string;
  readonly #reserve: number;
  readonly #floor: number;
  #free = 0;
  #writtenSince = 0;
  #polledAt = 0;
  #polling: Promise<void> | undefined;

  constructor(root: string, limits: { readonly reserve: number; readonly floor: number }) {
    this.#root = root;
    this.#floor = limits.floor;
    this.#reserve = Math.max(limits.reserve, limits.floor);
  }

  /** Bytes, as far as is known. */
  get free(): number {
    return Math.max(0, this.#free - this.#writtenSince);
  }

  /** Asks the file system anew. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  wrote(bytes: number): void {
    this.#writtenSince += bytes;
  }

  /** What is taken now. Short of room it looks again first. */
  async check(): Promise<Room> {
    const known = this.room;
    if (known === 'all' || performance.now() - this.#polledAt < SHORT_POLL_MS) return known;
    await this.poll();
    return this.room;
  }

  get room(): Room {
    if (this.free < this.#floor) return 'full';
    return this.free < this.#reserve ? 'annotations_only' : 'all';
  }

  async #poll(): Promise<void> {
    const writtenBefore = this.#writtenSince;
    const { bavail, bsize } = await statfs(this.#root);
    this.#free = bavail * bsize;
    this.#writtenSince -= writtenBefore;
    this.#polledAt = performance.now();
  }
}
