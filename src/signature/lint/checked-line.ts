/** A line of a list with what the checks need of it, made when one first asks. */
import type { ListEntry } from '../list-text.ts';
import { translatePythonRegex } from '../python-regex.ts';
import type { Translated } from '../translated-regex.ts';
import { PatternAutomaton, takesAllOf } from './pattern-automaton.ts';
import { samplesOf } from './pattern-samples.ts';
import { type PatternTree, patternTree } from './pattern-tree.ts';

/** What stands behind a sample where the pattern is open: more of a name, or what closes brackets. */
const ENDINGS = ['', 'x', '::x', '>', 'T>', '<T>', ')', '(anonymous namespace)::x', '1', 'ff', '.dll', ' x'];

export class CheckedLine {
  readonly entry: ListEntry;
  readonly regex: Translated;
  readonly #matcher: RegExp;
  #samples: readonly string[] | undefined;
  #automaton: PatternAutomaton | undefined | null = null;

  constructor(entry: ListEntry) {
    this.entry = entry;
    this.regex = translatePythonRegex(entry.pattern, { unicode: false });
    this.#matcher = new RegExp(`^(?:${this.regex.source})`, this.regex.flags);
  }

  matches(name: string): boolean {
    return this.#matcher.test(name);
  }

  /** Names that it matches; empty when none were found. */
  get samples(): readonly string[] {
    this.#samples ??= samplesOf(patternTree(this.regex))
      .flatMap((sample) => ENDINGS.map((ending) => sample + ending))
      .filter((sample) => this.matches(sample));
    return this.#samples;
  }

  /** Whether samples are made with all of it in mind: nothing looks around, refers back or lies beyond ASCII. */
  get isPlain(): boolean {
    return isPlain(patternTree(this.regex));
  }

  get automaton(): PatternAutomaton | undefined {
    if (this.#automaton === null) this.#automaton = PatternAutomaton.of(patternTree(this.regex));
    return this.#automaton;
  }
}

function isPlain(tree: PatternTree): boolean {
  switch (tree.kind) {
    case 'sequence':
      return tree.parts.every(isPlain);
    case 'either':
      return tree.branches.every(isPlain);
    case 'repeat':
      return isPlain(tree.of);
    default:
      return tree.kind !== 'opaque';
  }
}

/** Fewer prove nothing. */
const ENOUGH_SAMPLES = 12;

/** Whether `general` matches all that `specific` does: shown exactly, or by every sample where no proof is possible. */
export function covers(general: CheckedLine, specific: CheckedLine): 'surely' | 'probably' | 'no' {
  const { samples } = specific;
  if (!samples.every((sample) => general.matches(sample))) return 'no';
  const [a, b] = [general.automaton, specific.automaton];
  const shown = a && b ? takesAllOf(a, b) : undefined;
  if (shown !== undefined) return shown ? 'surely' : 'no';
  return samples.length >= ENOUGH_SAMPLES ? 'probably' : 'no';
}
