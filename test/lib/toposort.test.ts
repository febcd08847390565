import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DependencyError, type Node, toposort } from '../../src/lib/toposort.ts';

const sorted = (nodes: readonly Node[]): string[] => toposort(nodes, 'rule').map((node) => node.name);

describe('toposort', () => {
  it('puts dependencies first, whatever order they are given in', () => {
    const graph = fc.array(fc.nat(), { minLength: 1, maxLength: 15 }).map((seeds) =>
      seeds.map((seed, index) => ({
        name: `n${index}`,
        after: Array.from({ length: index }, (_, i) => i)
          .filter((i) => (seed >> i) & 1)
          .map((i) => `n${i}`),
      })),
    );
    fc.assert(
      fc.property(
        graph.chain((nodes) =>
          fc.tuple(
            fc.constant(nodes),
            fc.shuffledSubarray(nodes, { minLength: nodes.length, maxLength: nodes.length }),
          ),
        ),
        ([nodes, shuffled]) => {
          const order = sorted(shuffled);
          expect(order).toEqual(sorted(nodes));
          expect(order.length).toBe(nodes.length);
          for (const { name, after } of nodes) {
            for (const before of after) expect(order.indexOf(before)).toBeLessThan(order.indexOf(name));
          }
        },
      ),
    );
  });

  it('is alphabetical where it is free', () => {
    expect(sorted([{ name: 'c' }, { name: 'a', after: ['b'] }, { name: 'b' }])).toEqual(['b', 'a', 'c']);
    expect(sorted([])).toEqual([]);
  });

  it('shows the path of a cycle', () => {
    const cycle = [
      { name: 'a', after: ['b'] },
      { name: 'b', after: ['a'] },
    ];
    expect(() => sorted(cycle)).toThrow(new DependencyError('cycle: a -> b -> a'));
    expect(() => sorted([{ name: 'x', after: ['a'] }, ...cycle])).toThrow('cycle: a -> b -> a');
    expect(() => sorted([{ name: 'a', after: ['a'] }])).toThrow('cycle: a -> a');
  });

  it('refuses names that do not exist, and names that exist twice', () => {
    expect(() => sorted([{ name: 'a', after: ['ghost'] }])).toThrow(
      'rule a comes after ghost, which does not exist',
    );
    expect(() => sorted([{ name: 'a' }, { name: 'a' }])).toThrow('two rules are named a');
  });
});
