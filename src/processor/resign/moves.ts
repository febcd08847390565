/** Which signatures merge, split or move when crashes get new ones: counted crash by crash, in bounded memory. */
import type { CrashId } from '../../model/crash-id.ts';

/** Crashes that had one signature and get another, or keep theirs. */
export interface Share {
  readonly signature: string;
  readonly crashes: number;
  /** The first of them; none of those that keep theirs. */
  readonly examples: readonly CrashId[];
}

/** Several signatures become one. */
export interface Merge {
  readonly to: string;
  readonly crashes: number;
  /** Most crashes first; `to` itself is among them when crashes had it before. */
  readonly from: readonly Share[];
}

/** One signature becomes several. */
export interface Split {
  readonly from: string;
  readonly crashes: number;
  /** Most crashes first; `from` itself is among them when crashes keep it. */
  readonly to: readonly Share[];
}

/** A signature goes by another name, and nothing else does. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly crashes: number;
  readonly examples: readonly CrashId[];
}

export interface Moves {
  readonly crashes: number;
  /** Crashes whose signature changes. */
  readonly changed: number;
  /** Signatures before and after; at least so many when some were too many to remember. */
  readonly before: number;
  readonly after: number;
  /** Most changed crashes first; what is both in a merge and in a split is in both. */
  readonly merges: readonly Merge[];
  readonly splits: readonly Split[];
  readonly moves: readonly Move[];
  /** Crashes whose signatures came when no more could be remembered. */
  readonly unlisted: number;
}

export interface MovesLimits {
  readonly examples: number;
  /** Pairs of an old and a new signature that are remembered: at 255 characters each, half a kilobyte. */
  readonly pairs: number;
}

export const MOVES_LIMITS: MovesLimits = { examples: 3, pairs: 200_000 };

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly examples: CrashId[];
  crashes: number;
}

const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

export class MovesTally {
  readonly #limits: MovesLimits;
  /** By the old signature; crashes that keep theirs are pairs as well, of two that are the same. */
  readonly #pairs = new Map<string, Pair | Map<string, Pair>>();
  #remembered = 0;
  #crashes = 0;
  #changed = 0;
  #unlisted = 0;

  constructor(limits: MovesLimits = MOVES_LIMITS) {
    this.#limits = limits;
  }

  add(id: CrashId, from: string, to: string): void {
    this.#crashes += 1;
    if (from !== to) this.#changed += 1;
    const pair = this.#pair(from, to);
    if (!pair) {
      this.#unlisted += 1;
      return;
    }
    pair.crashes += 1;
    if (from !== to && pair.examples.length < this.#limits.examples) pair.examples.push(id);
  }

  result(): Moves {
    const pairs = [...this.#pairs.values()].flatMap((one) =>
      one instanceof Map ? [...one.values()] : [one],
    );
    const byTo = Map.groupBy(pairs, ({ to }) => to);
    const byFrom = Map.groupBy(pairs, ({ from }) => from);
    const alone = ({ from, to }: Pair): boolean =>
      from !== to && byTo.get(to)?.length === 1 && byFrom.get(from)?.length === 1;
    return {
      crashes: this.#crashes,
      changed: this.#changed,
      before: byFrom.size,
      after: byTo.size,
      merges: groups(byTo, ({ from }) => from).map(([to, crashes, from]) => ({ to, crashes, from })),
      splits: groups(byFrom, ({ to }) => to).map(([from, crashes, to]) => ({ from, crashes, to })),
      moves: pairs.filter(alone).sort((a, b) => b.crashes - a.crashes || byName(a.from, b.from)),
      unlisted: this.#unlisted,
    };
  }

  /** Most signatures have one pair: no map for those. Undefined when there is no room for another. */
  #pair(from: string, to: string): Pair | undefined {
    const known = this.#pairs.get(from);
    const pair = known instanceof Map ? known.get(to) : known?.to === to ? known : undefined;
    if (pair) return pair;
    if (this.#remembered >= this.#limits.pairs) return undefined;
    this.#remembered += 1;
    const made: Pair = { from, to, examples: [], crashes: 0 };
    if (known instanceof Map) known.set(to, made);
    else if (known) this.#pairs.set(from, new Map([known, made].map((one) => [one.to, one])));
    else this.#pairs.set(from, made);
    return made;
  }
}

/** Those of more than one, with their other ends. */
function groups(
  by: ReadonlyMap<string, readonly Pair[]>,
  other: (pair: Pair) => string,
): readonly (readonly [string, number, readonly Share[]])[] {
  const moved = (pairs: readonly Pair[]): number =>
    pairs.reduce((sum, { from, to, crashes }) => sum + (from === to ? 0 : crashes), 0);
  return [...by]
    .filter(([, pairs]) => pairs.length > 1)
    .sort(([x, a], [y, b]) => moved(b) - moved(a) || byName(x, y))
    .map(([signature, pairs]) => [
      signature,
      pairs.reduce((sum, { crashes }) => sum + crashes, 0),
      pairs
        .map((pair) => ({ signature: other(pair), crashes: pair.crashes, examples: pair.examples }))
        .sort((a, b) => b.crashes - a.crashes || byName(a.signature, b.signature)),
    ]);
}
