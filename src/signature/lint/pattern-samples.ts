/** Names that a pattern is made for: always the same ones, so that a finding does not come and go. */
import type { PatternTree } from './pattern-tree.ts';

const SAMPLES = 24;
const MOST_REPEATS = 3;
const LONGEST = 400;

/** A small generator of numbers below 1 (mulberry32), begun with a fixed seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Distinct ones, of which a look-around may still refuse some: the caller tests them. */
export function samplesOf(tree: PatternTree): readonly string[] {
  const samples = new Set<string>();
  for (let seed = 0; seed < SAMPLES; seed++) samples.add(sample(tree, numbers(seed), seed === 0));
  return [...samples].filter((one) => one.length <= LONGEST);
}

/** The shortest one when `isPlain`. */
function sample(tree: PatternTree, random: () => number, isPlain: boolean): string {
  const below = (count: number): number => (isPlain ? 0 : Math.floor(random() * count));
  switch (tree.kind) {
    case 'set':
      return characterOf(tree.codes, below);
    case 'sequence':
      return tree.parts.map((part) => sample(part, random, isPlain)).join('');
    case 'either': {
      const branch = tree.branches[below(tree.branches.length)];
      return branch ? sample(branch, random, isPlain) : '';
    }
    case 'repeat': {
      const most = Math.min(tree.most, tree.least + MOST_REPEATS);
      const count = tree.least + below(most - tree.least + 1);
      return Array.from({ length: count }, () => sample(tree.of, random, isPlain)).join('');
    }
    case 'end':
    case 'start':
    case 'opaque':
      return '';
  }
}

/** What names are made of first. */
const PREFERRED = [...'abcxyzABCT_0159:.-/@#~$*&,<>()[] '].map((char) => char.charCodeAt(0));

function characterOf(codes: bigint, below: (count: number) => number): string {
  const has = (code: number): boolean => ((codes >> BigInt(code)) & 1n) !== 0n;
  const preferred = PREFERRED.filter(has);
  // A set of nearly everything stands for words.
  const likely = preferred.slice(0, preferred.length === PREFERRED.length ? 14 : undefined);
  const code = likely[below(likely.length)];
  if (code !== undefined) return String.fromCharCode(code);
  for (let any = 0; any < 128; any++) if (has(any)) return String.fromCharCode(any);
  return '';
}
