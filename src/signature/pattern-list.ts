/** One list of patterns, asked two things: does any line match the start of this frame, and which one. */
import { translatePythonRegex } from './python-regex.ts';
import type { ListLine } from './trace.ts';
import type { Translated } from './translated-regex.ts';

export interface PatternLine {
  /** 1-based, in the file. */
  readonly line: number;
  readonly pattern: string;
}

interface Matchers {
  /** Every line joined; undefined when the list is empty. */
  readonly any: readonly RegExp[];
  readonly groups: readonly { readonly any: readonly RegExp[]; readonly lines: readonly RegExp[] }[];
}

/** So that finding a line costs two short walks rather than one long one. */
const GROUP_SIZE = 16;
const NOT_ASCII = /\P{ASCII}/u;

export class PatternList {
  /** File name without folder. */
  readonly name: string;
  readonly lines: readonly PatternLine[];
  // The pattern that knows all of Unicode takes long to compile, and hardly any frame needs it.
  #ascii: Matchers | undefined;
  #unicode: Matchers | undefined;

  /** The lines must have been translated once before: what cannot be is refused there, with its place. */
  constructor(name: string, lines: readonly PatternLine[]) {
    this.name = name;
    this.lines = lines;
  }

  matches(frame: string): boolean {
    if (this.lines.length === 0) return false;
    return this.#matchers(frame).any.some((regex) => regex.test(frame));
  }

  /** The first line that matches, in the order of the file. */
  lineOf(frame: string): ListLine | undefined {
    const { groups } = this.#matchers(frame);
    for (const [g, group] of groups.entries()) {
      if (!group.any.some((regex) => regex.test(frame))) continue;
      const i = group.lines.findIndex((regex) => regex.test(frame));
      const line = this.lines[g * GROUP_SIZE + i];
      if (line) return { list: this.name, line: line.line };
    }
    return undefined;
  }

  #matchers(frame: string): Matchers {
    if (NOT_ASCII.test(frame)) {
      this.#unicode ??= compile(this.lines, true);
      return this.#unicode;
    }
    this.#ascii ??= compile(this.lines, false);
    return this.#ascii;
  }
}

function compile(lines: readonly PatternLine[], unicode: boolean): Matchers {
  const translated = lines.map((line) => translatePythonRegex(line.pattern, { unicode }));
  const groups: Matchers['groups'][number][] = [];
  for (let i = 0; i < translated.length; i += GROUP_SIZE) {
    const group = translated.slice(i, i + GROUP_SIZE);
    groups.push({ any: joined(group), lines: group.map(anchored) });
  }
  return { any: joined(translated), groups };
}

const anchored = (line: Translated): RegExp => new RegExp(`^(?:${line.source})`, line.flags);

/** One regex for each set of flags, and one for each line that counts its own groups. */
function joined(lines: readonly Translated[]): RegExp[] {
  const alone = lines.filter((line) => line.alone).map(anchored);
  const byFlags = Map.groupBy(
    lines.filter((line) => !line.alone),
    (line) => line.flags,
  );
  const together = [...byFlags].map(
    ([flags, group]) => new RegExp(`^(?:${group.map((line) => line.source).join('|')})`, flags),
  );
  return [...together, ...alone];
}
