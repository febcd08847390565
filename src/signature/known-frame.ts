import type { Sentinel, SignatureLists } from './lists.ts';
import type { ListLine } from './trace.ts';

/** Modules without symbols come in runs, and one of a run says as much as twenty. */
const comesInRuns = (frame: string): boolean => {
  if (frame.startsWith('(unloaded')) return false;
  if (frame === 'XUL' || frame === '<name omitted>' || frame.startsWith('<unknown in')) return true;
  const end = frame.slice(-4).toLowerCase();
  return end === '.dll' || end.endsWith('.so');
};

/** A frame's name and what the lists say of it; asked lazily, since most frames of a stack are never reached. */
export class KnownFrame {
  readonly name: string;
  readonly sentinel: Sentinel | undefined;
  readonly #lists: SignatureLists;
  #irrelevant: boolean | undefined;
  #prefix: boolean | undefined;
  #trimmedTo: string | undefined;
  #merges: boolean | undefined;
  #irrelevantLine: ListLine | undefined;
  #prefixLine: ListLine | undefined;
  #trimLine: ListLine | undefined;

  constructor(name: string, lists: SignatureLists) {
    this.name = name;
    this.sentinel = lists.sentinels.get(name);
    this.#lists = lists;
  }

  get irrelevant(): boolean {
    this.#irrelevant ??= this.#lists.irrelevant.matches(this.name);
    return this.#irrelevant;
  }

  /** What stands for it in a signature: the name, or what a line of the trim list leaves of it. */
  get written(): string {
    this.#trimmedTo ??= this.#trim();
    return this.#trimmedTo;
  }

  /** Whether an equal neighbour is left out. */
  get merges(): boolean {
    this.#merges ??= comesInRuns(this.written) || this.#lists.trim.matches(this.name);
    return this.#merges;
  }

  get prefix(): boolean {
    this.#prefix ??= this.#lists.prefix.matches(this.written);
    return this.#prefix;
  }

  get irrelevantLine(): ListLine | undefined {
    if (this.irrelevant) this.#irrelevantLine ??= this.#lists.irrelevant.lineOf(this.name);
    return this.#irrelevantLine;
  }

  get prefixLine(): ListLine | undefined {
    if (this.prefix) this.#prefixLine ??= this.#lists.prefix.lineOf(this.written);
    return this.#prefixLine;
  }

  get trimLine(): ListLine | undefined {
    if (this.merges) this.#trimLine ??= this.#lists.trim.lineOf(this.name);
    return this.#trimLine;
  }

  /** `foo.dll@0x1234` → `foo.dll`. Nothing is left of `@0x1234`, so that stays. */
  #trim(): string {
    const at = this.name.indexOf('@');
    return at > 0 && this.#lists.trim.matches(this.name) ? this.name.slice(0, at) : this.name;
  }
}
