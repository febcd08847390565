/** The groups of a Python pattern: their numbers and names, and whether one can be referred back to. */
import { RegexError } from './regex-atoms.ts';
import { NOTHING, type Width } from './regex-widths.ts';

const GROUP_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * Groups are written as `(?<g1>` and those that nobody refers to become `(?:` in the end: JavaScript then has less to
 * remember, and lines can be joined. A reference to a group that took no part fails in Python and matches the empty
 * text in JavaScript; no JavaScript pattern can tell the two apart, so such a reference is refused.
 */
export class RegexGroups {
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  readonly #widths = new Map<number, Width>();
  /** Those that may not have taken part where the pattern is read now. */
  readonly #unsure = new Set<number>();
  readonly #referred = new Set<number>();
  #count = 0;
  #atomic = 0;

  get count(): number {
    return this.#count;
  }

  /** Whether references make the pattern one that cannot be joined with others. */
  get hasReferences(): boolean {
    return this.#referred.size > 0 || this.#atomic > 0;
  }

  open(name?: string): { readonly number: number; readonly source: string } {
    const number = ++this.#count;
    if (name !== undefined) {
      if (!GROUP_NAME.test(name)) throw new RegexError(`bad group name ${name}`);
      if (this.#names.has(name)) throw new RegexError(`redefinition of group name ${name}`);
      this.#names.set(name, number);
    }
    this.#open.add(number);
    return { number, source: `(?<g${number}>` };
  }

  close(number: number, width: Width): void {
    this.#open.delete(number);
    this.#widths.set(number, width);
  }

  /** All groups since there were `count` may not have taken part from here on. */
  doubt(count: number): void {
    for (let number = count + 1; number <= this.#count; number++) this.#unsure.add(number);
  }

  /** `what` once, without giving anything back: a look-ahead keeps what it found. */
  atomic(what: string): string {
    const name = `a${++this.#atomic}`;
    return `(?:(?=(?<${name}>${what}))\\k<${name}>)`;
  }

  referenceTo(group: number | string): { readonly source: string; readonly width: Width } {
    const number = typeof group === 'number' ? group : this.#names.get(group);
    if (number === undefined) throw new RegexError(`unknown group name ${group}`);
    if (number > this.#count) throw new RegexError(`invalid group reference ${group}`);
    if (this.#open.has(number)) throw new RegexError('cannot refer to an open group');
    if (this.#unsure.has(number)) {
      throw new RegexError(
        `group ${group} may have taken no part, which JavaScript cannot tell from an empty one`,
      );
    }
    this.#referred.add(number);
    return { source: `(?:\\k<g${number}>)`, width: this.#widths.get(number) ?? NOTHING };
  }

  /** The source with those groups open that somebody refers to. */
  finish(source: string): string {
    return source.replace(/\(\?<g(\d+)>/g, (open, number) =>
      this.#referred.has(Number(number)) ? open : '(?:',
    );
  }
}
