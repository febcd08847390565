/** The entries that wait, oldest first, by id; a little is kept of each, so a long outage costs disk and not memory. */
import type { CrashId } from '../model/crash-id.ts';
import type { Box } from './box.ts';
import type { SpoolRecord } from './record.ts';
import type { Entry } from './segment.ts';

/** An entry in the mover's hands. */
export interface Waiting {
  readonly entry: Entry;
  readonly box: Box;
  /** The record itself, while only a few wait: saves reading it back. */
  fresh: SpoolRecord | undefined;
  /** The store has it; only the queue does not. */
  isStored: boolean;
  /** How often it failed by its own fault, and how many others had been moved when it first did. */
  failures: number;
  movedBefore: number;
  /** Not tried before, by the steady clock. */
  notBefore: number;
  /** Asked to go: not stored any more. */
  isRemoved: boolean;
  /** Done, or removed: out of the backlog. */
  isGone: boolean;
  /** Another that waits under the same id. */
  earlier: Waiting | undefined;
  /** Resolves when the move in hand has settled. */
  moving: Promise<void> | undefined;
}

/** Records kept in memory, at most: what a burst is, when the store keeps up. */
const FRESH_BYTES = 8 * 1024 ** 2;
const COMPACT_AFTER = 1024;
const OLDEST_MS = 1000;

export class Backlog {
  readonly #byId = new Map<CrashId, Waiting>();
  #line: (Waiting | undefined)[] = [];
  #head = 0;
  #later: Waiting[] = [];
  #count = 0;
  #bytes = 0;
  #freshBytes = 0;
  #oldest: { readonly at: number; readonly time: number } | undefined;

  get count(): number {
    return this.#count;
  }
  get bytes(): number {
    return this.#bytes;
  }

  has(id: CrashId): boolean {
    return this.#byId.has(id);
  }

  /** All that wait under an id: mostly one. */
  find(id: CrashId): readonly Waiting[] {
    const found: Waiting[] = [];
    for (let w = this.#byId.get(id); w; w = w.earlier) found.push(w);
    return found;
  }

  add(box: Box, entry: Entry, fresh?: SpoolRecord): Waiting {
    const keeps = fresh !== undefined && this.#freshBytes + entry.length <= FRESH_BYTES;
    if (keeps) this.#freshBytes += entry.length;
    const waiting: Waiting = {
      entry,
      box,
      fresh: keeps ? fresh : undefined,
      isStored: false,
      failures: 0,
      movedBefore: 0,
      notBefore: 0,
      isRemoved: false,
      isGone: false,
      earlier: this.#byId.get(entry.id),
      moving: undefined,
    };
    this.#byId.set(entry.id, waiting);
    this.#line.push(waiting);
    this.#count += 1;
    this.#bytes += entry.bytes;
    return waiting;
  }

  /** The next to be tried; undefined when none is due. */
  take(now: number): Waiting | undefined {
    for (;;) {
      const next = this.#takeNext(now);
      if (!next?.isGone) return next;
    }
  }

  /** Some were never tried. */
  get hasNext(): boolean {
    return this.#head < this.#line.length;
  }

  /** When the first of those that failed is due; undefined when none waits for that. */
  get nextDue(): number | undefined {
    return this.#later.length === 0 ? undefined : Math.min(...this.#later.map((w) => w.notBefore));
  }

  /** Back among the first: it was not its fault. */
  putBack(waiting: Waiting): void {
    waiting.notBefore = 0;
    this.#later.unshift(waiting);
  }

  putOff(waiting: Waiting, until: number): void {
    waiting.notBefore = until;
    this.#later.push(waiting);
  }

  /** It is done. */
  remove(waiting: Waiting): void {
    if (waiting.isGone) return;
    waiting.isGone = true;
    this.#dropFresh(waiting);
    this.#count -= 1;
    if (this.#count === 0) this.#oldest = undefined;
    this.#bytes -= waiting.entry.bytes;
    const { id } = waiting.entry;
    const rest = this.find(id).filter((w) => w !== waiting);
    rest.forEach((w, i) => {
      w.earlier = rest[i + 1];
    });
    if (rest[0]) this.#byId.set(id, rest[0]);
    else this.#byId.delete(id);
  }

  /** When the oldest was committed, ISO 8601; a second old at most, because it is asked for with each upload. */
  get oldest(): string | null {
    if (this.#count === 0) return null;
    const now = performance.now();
    if (!this.#oldest || now - this.#oldest.at > OLDEST_MS)
      this.#oldest = { at: now, time: this.#findOldest() };
    return new Date(this.#oldest.time).toISOString();
  }

  #findOldest(): number {
    let time = Number.POSITIVE_INFINITY;
    for (const { entry } of this.#byId.values()) time = Math.min(time, entry.time);
    return time;
  }

  #dropFresh(waiting: Waiting): void {
    if (!waiting.fresh) return;
    waiting.fresh = undefined;
    this.#freshBytes -= waiting.entry.length;
  }

  #takeNext(now: number): Waiting | undefined {
    const due = this.#later.findIndex((w) => w.notBefore <= now);
    if (due >= 0) return this.#later.splice(due, 1)[0];
    const next = this.#line[this.#head];
    if (!next) return undefined;
    this.#line[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }
}
