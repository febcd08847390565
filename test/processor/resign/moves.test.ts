import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../../src/model/crash-id.ts';
import { MovesTally } from '../../../src/processor/resign/moves.ts';

const ids = Array.from({ length: 40 }, () => createCrashId(new Date('2026-11-21T00:00:00Z')));

/** `from>to` for each crash. */
function tally(pairs: readonly string[], limits = { examples: 2, pairs: 100 }) {
  const moves = new MovesTally(limits);
  for (const [i, pair] of pairs.entries()) {
    const [from = '', to = ''] = pair.split('>');
    moves.add(ids[i] as (typeof ids)[number], from, to);
  }
  return moves.result();
}

describe('moves', () => {
  it('tells merges, splits and moves apart', () => {
    const result = tally([
      'a>m',
      'a>m',
      'a>m',
      'b>m',
      'm>m',
      'x>x',
      'x>y',
      'old>new',
      'old>new',
      'same>same',
    ]);
    expect(result).toEqual({
      crashes: 10,
      changed: 7,
      before: 6,
      after: 5,
      merges: [
        {
          to: 'm',
          crashes: 5,
          from: [
            { signature: 'a', crashes: 3, examples: [ids[0], ids[1]] },
            { signature: 'b', crashes: 1, examples: [ids[3]] },
            { signature: 'm', crashes: 1, examples: [] },
          ],
        },
      ],
      splits: [
        {
          from: 'x',
          crashes: 2,
          to: [
            { signature: 'x', crashes: 1, examples: [] },
            { signature: 'y', crashes: 1, examples: [ids[6]] },
          ],
        },
      ],
      moves: [{ from: 'old', to: 'new', crashes: 2, examples: [ids[7], ids[8]] }],
      unlisted: 0,
    });
  });

  it('what is both in a merge and in a split is in both, and in no move', () => {
    const result = tally(['a>p', 'a>q', 'b>p']);
    expect(result.merges).toMatchObject([{ to: 'p', crashes: 2 }]);
    expect(result.splits).toMatchObject([{ from: 'a', crashes: 2 }]);
    expect(result.moves).toEqual([]);
  });

  it('the groups in which most crashes change come first', () => {
    const big = Array.from({ length: 20 }, () => 'keeps>keeps');
    const { merges } = tally([...big, 'z>keeps', 'a>m', 'b>m']);
    expect(merges.map(({ to }) => to)).toEqual(['m', 'keeps']);
  });

  it('no more pairs are remembered than it may, and those known are still counted', () => {
    const result = tally(['a>a', 'b>c', 'd>e', 'f>g', 'a>a', 'b>c'], { examples: 1, pairs: 2 });
    expect(result).toMatchObject({ crashes: 6, changed: 4, unlisted: 2, before: 2, after: 2 });
    expect(result.moves).toEqual([{ from: 'b', to: 'c', crashes: 2, examples: [ids[1]] }]);
  });

  it('every crash of random moves is in a group, stays, or is unlisted', () => {
    for (let round = 0; round < 50; round += 1) {
      const name = (): string => 'abcdef'[Math.floor(Math.random() * 6)] as string;
      const pairs = ids.map(() => `${name()}>${name()}`);
      const { merges, splits, moves, changed } = tally(pairs);
      const seen = new Set([
        ...merges.flatMap(({ to, from }) => from.map(({ signature }) => `${signature}>${to}`)),
        ...splits.flatMap(({ from, to }) => to.map(({ signature }) => `${from}>${signature}`)),
        ...moves.map(({ from, to }) => `${from}>${to}`),
      ]);
      const moved = pairs.filter((pair) => pair[0] !== pair[2]);
      expect(moved.filter((pair) => !seen.has(pair))).toEqual([]);
      expect(changed).toBe(moved.length);
    }
  });
});
