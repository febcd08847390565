/** The annotations of one upload, within caps on their number and size. */
import type { MemoryShare } from '../../memory-budget.ts';
import type { Truncation } from '../../truncation.ts';
import { nameForNote } from './part-content.ts';

export interface AnnotationLimits {
  /** Bytes of one value. */
  readonly maxAnnotation: number;
  readonly maxAnnotations: number;
  /** Bytes of all names and values. */
  readonly maxAnnotationsSize: number;
}

/** Assigning it changes an object's prototype in whatever program handles the crash later; no client means it. */
const UNSAFE_NAME = '__proto__';
/** As long as a file name may be; a longer one is an attack or a mistake. */
const MAX_NAME_BYTES = 255;

export class AnnotationBag {
  readonly #limits: AnnotationLimits;
  readonly #memory: MemoryShare;
  readonly #truncated: Set<Truncation>;
  readonly #notes: string[];
  #values = new Map<string, string>();
  #bytes = 0;

  constructor(limits: AnnotationLimits, memory: MemoryShare, truncated: Set<Truncation>, notes: string[]) {
    this.#limits = limits;
    this.#memory = memory;
    this.#truncated = truncated;
    this.#notes = notes;
  }

  get size(): number {
    return this.#values.size;
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** Takes memory for bytes that are still arriving; false when there is none. */
  take(bytes: number): boolean {
    return this.#memory.take(bytes);
  }

  /** A JSON part replaces what came before it. */
  replaceAll(entries: Iterable<readonly [string, string]>): void {
    this.#values = new Map();
    this.#bytes = 0;
    for (const [name, value] of entries) this.set(name, value, Buffer.byteLength(value));
  }

  set(name: string, value: string, valueBytes: number): void {
    const nameBytes = name.length > MAX_NAME_BYTES ? name.length : Buffer.byteLength(name);
    if (name === UNSAFE_NAME || nameBytes > MAX_NAME_BYTES) {
      this.#notes.push(`ignored an annotation with an unusable name: ${nameForNote(name)}`);
      return;
    }
    const bytes = this.#bytes + nameBytes + valueBytes;
    if (valueBytes > this.#limits.maxAnnotation) this.#truncated.add('annotation_size');
    else if (bytes > this.#limits.maxAnnotationsSize) this.#truncated.add('annotations_size');
    else if (!this.#values.has(name) && this.#values.size >= this.#limits.maxAnnotations) {
      this.#truncated.add('annotations');
    } else {
      this.#values.set(name, value);
      this.#bytes = bytes;
    }
  }

  /**
   * Crashpad appends product, version and guid to the URL. What the form says counts; where the two differ,
   * a note says so. Test: test/protocol/crashpad.test.ts.
   */
  mergeQuery(query: URLSearchParams): void {
    for (const [name, value] of query) {
      const existing = this.#values.get(name);
      if (existing === undefined) {
        this.set(name, value, Buffer.byteLength(value));
        if (this.#values.has(name))
          this.#notes.push(`annotation from the query string: ${nameForNote(name)}`);
      } else if (existing !== value) {
        this.#notes.push(`form and query string differ, the form counts: ${nameForNote(name)}`);
      }
    }
  }
}
