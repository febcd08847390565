/**
 * A bounded memo: a young and an old generation. What is asked for again moves to the young one; when that is
 * full it becomes the old one, and what was old is gone. Cheaper than an exact LRU, since a hit writes nothing.
 */
export interface CacheLimits {
  /** Entries of one generation; there are two. */
  readonly entries: number;
  /** Characters of one generation's keys, so that hostile names cannot fill the memory. */
  readonly characters: number;
}

/** Longer keys are not worth remembering. */
const LONGEST_KEY = 1000;

export class GenerationalCache<V extends object> {
  readonly #limits: CacheLimits;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #characters = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    if (key.length > LONGEST_KEY) return;
    if (this.#young.size >= this.#limits.entries || this.#characters >= this.#limits.characters) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#young.set(key, value);
    this.#characters += key.length;
  }
}
