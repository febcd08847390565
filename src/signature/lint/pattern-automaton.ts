/** Which names a pattern takes, exactly: whether there are any, and whether another pattern takes all of them. */
import { ALL_CODES, type PatternTree } from './pattern-tree.ts';

interface Step {
  readonly codes: bigint;
  readonly to: number;
}

interface State {
  readonly free: number[];
  readonly steps: Step[];
}

/** Follows the last character of a name. */
const END = 1n << 128n;
const EVERYTHING = ALL_CODES | END;
const NEWLINE = 1n << 10n;
/** A pattern beyond is compared by samples. */
const MOST_STATES = 3_000;
const MOST_PAIRS = 20_000;

/** What no automaton here can say. */
class InexactError extends Error {
  override readonly name = 'InexactError';
}

/** Takes a name and its end; open behind the pattern, as lines of the lists are. */
export class PatternAutomaton {
  readonly states: State[] = [];
  readonly start: number;
  readonly accept: number;

  private constructor(tree: PatternTree) {
    this.accept = this.#add();
    this.states[this.accept]?.steps.push({ codes: EVERYTHING, to: this.accept });
    this.start = this.#compile(tree, this.accept, true);
  }

  /** Undefined for a pattern with look-arounds and the like, and for one that is too large. */
  static of(tree: PatternTree): PatternAutomaton | undefined {
    try {
      return new PatternAutomaton(tree);
    } catch (error) {
      if (error instanceof InexactError) return undefined;
      throw error;
    }
  }

  /** Whether any name is taken at all. */
  get takesAny(): boolean {
    const seen = new Set([this.start]);
    for (const at of seen) {
      const state = this.states[at];
      for (const next of state?.free ?? []) seen.add(next);
      for (const step of state?.steps ?? []) seen.add(step.to);
    }
    return seen.has(this.accept);
  }

  /** States that are reached from these without a character. */
  closure(from: Iterable<number>): ReadonlySet<number> {
    const seen = new Set(from);
    for (const at of seen) for (const next of this.states[at]?.free ?? []) seen.add(next);
    return seen;
  }

  /** `code` is one bit. */
  after(from: ReadonlySet<number>, code: bigint): ReadonlySet<number> {
    const next = new Set<number>();
    for (const at of from) {
      for (const step of this.states[at]?.steps ?? []) if ((step.codes & code) !== 0n) next.add(step.to);
    }
    return this.closure(next);
  }

  #add(free: readonly number[] = [], steps: readonly Step[] = []): number {
    if (this.states.length >= MOST_STATES) throw new InexactError('too many states');
    return this.states.push({ free: [...free], steps: [...steps] }) - 1;
  }

  /** The state at which `tree` begins when `next` follows it. */
  #compile(tree: PatternTree, next: number, isFirst: boolean): number {
    switch (tree.kind) {
      case 'set':
        return this.#add([], [{ codes: tree.codes, to: next }]);
      case 'sequence':
        return tree.parts.reduceRight((to, part, i) => this.#compile(part, to, isFirst && i === 0), next);
      case 'either':
        return this.#add(tree.branches.map((branch) => this.#compile(branch, next, isFirst)));
      case 'repeat':
        return this.#repeat(tree, next);
      case 'end':
        return this.#end(tree.newline, next);
      case 'start':
        if (!isFirst) throw new InexactError('a start in the middle');
        return next;
      case 'opaque':
        throw new InexactError('beyond ASCII and regular languages');
    }
  }

  #repeat({ of, least, most }: Extract<PatternTree, { kind: 'repeat' }>, next: number): number {
    let at = next;
    if (most === Infinity) {
      at = this.#add([next]);
      this.states[at]?.free.push(this.#compile(of, at, false));
    } else {
      for (let i = least; i < most; i++) at = this.#add([next, this.#compile(of, at, false)]);
    }
    for (let i = 0; i < least; i++) at = this.#compile(of, at, false);
    return at;
  }

  #end(newline: boolean, next: number): number {
    if (next !== this.accept) throw new InexactError('an end in the middle');
    const end = this.#add([], [{ codes: END, to: this.accept }]);
    return newline ? this.#add([end], [{ codes: NEWLINE, to: end }]) : end;
  }
}

/** Whether every name that `specific` takes is taken by `general` as well; undefined when that takes too long. */
export function takesAllOf(general: PatternAutomaton, specific: PatternAutomaton): boolean | undefined {
  const codes = representatives([general, specific]);
  const first = [specific.closure([specific.start]), general.closure([general.start])] as const;
  const seen = new Set<string>();
  const open = [first];
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [mine, theirs] = pair;
    // Whatever follows, they take it.
    if (theirs.has(general.accept)) continue;
    const key = `${[...mine].sort().join()}|${[...theirs].sort().join()}`;
    if (seen.has(key)) continue;
    if (seen.add(key).size > MOST_PAIRS) return undefined;
    const isTaken = (at: ReadonlySet<number>, { accept }: PatternAutomaton): boolean => at.has(accept);
    if (isTaken(specific.after(mine, END), specific) && !isTaken(general.after(theirs, END), general))
      return false;
    for (const code of codes) {
      const next = specific.after(mine, code);
      if (next.size > 0) open.push([next, general.after(theirs, code)]);
    }
  }
  return true;
}

/** One character of each kind that the patterns tell apart. */
function representatives(automata: readonly PatternAutomaton[]): readonly bigint[] {
  const sets = new Set(
    automata.flatMap(({ states }) => states.flatMap(({ steps }) => steps.map((step) => step.codes))),
  );
  let kinds = [ALL_CODES];
  for (const set of sets)
    kinds = kinds.flatMap((kind) => [kind & set, kind & ~set]).filter((kind) => kind !== 0n);
  return kinds.map((kind) => kind & -kind);
}
