import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/lib/settings.ts';
import { CONTAINERS } from '../../src/storage/container-names.ts';
import {
  type Expression,
  formatExpression,
  parseExpression,
  parseExpressionList,
} from '../../src/storage/expression.ts';

const options = { label: 'COLLECTOR_STORAGE', containers: CONTAINERS };
const parse = (text: string): string => formatExpression(parseExpression(text, options));
const messageOf = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message;
  }
  return 'parsed';
};

describe('wiring expressions', () => {
  it('are written in one form, however they came', () => {
    expect(parse('bucket')).toBe('bucket');
    expect(parse('  poly( fallback(bucket ,spare),\n\tindex ) ')).toBe(
      'poly(fallback(bucket, spare), index)',
    );
    expect(parse('primary_deferred_processed(a, b, poly(c))')).toBe(
      'primary_deferred_processed(a, b, poly(c))',
    );
    expect(parseExpressionList('a, poly(b, c), d', options).map(formatExpression)).toEqual([
      'a',
      'poly(b, c)',
      'd',
    ]);
  });

  it.each([
    ['fallback(bucket spare)', 'a comma or ) is missing before this', 16],
    ['fallback(bucket, spare', 'this ( is never closed', 8],
    ['fallback(bucket,, spare)', 'the name of a store is missing here', 16],
    ['fallback(', 'the name of a store is missing here', 9],
    ['fallback()', 'the name of a store is missing here', 9],
    ['bucket)', 'this ) closes nothing', 6],
    ['bucket spare', 'a comma is missing before this', 7],
    ['', 'the name of a store is missing here', 0],
    ['poly', 'poly is a container; write poly(one, another)', 0],
    ['polly(a, b)', 'there is no container polly; did you mean poly?', 0],
    ['poly(a, B)', 'the name of a store has only the letters a-z and digits', 8],
    ['poly(a, b_c)', 'the name of a store has only the letters a-z and digits', 8],
    ['poly(a, ../x)', 'the name of a store is missing here', 8],
    ['poly(a; b)', 'a comma or ) is missing before this', 6],
  ])('%s: %s', (text, message, at) => {
    expect(messageOf(text)).toBe(`COLLECTOR_STORAGE: ${message}\n  ${text}\n  ${' '.repeat(at)}^`);
  });

  it('a list where one store is wanted', () => {
    expect(messageOf('a, b')).toContain('names 2 stores where one is wanted');
  });

  it('the deepest nesting is bounded', () => {
    expect(messageOf(`${'poly('.repeat(5000)}a${')'.repeat(5000)}`)).toContain('nested more than 32 deep');
  });

  it('any text parses or is refused with its place', () => {
    const text = fc.stringMatching(/^[a-z0-9_(), .;]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (t) => /\^$|^parsed$|one is wanted/.test(messageOf(t))),
    );
  });

  it('what was formatted parses to the same', () => {
    const tree = fc.letrec<{ e: Expression }>((tie) => ({
      e: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc
          .stringMatching(/^[a-z0-9]{1,8}$/)
          .filter((n) => !CONTAINERS.some((c) => c === n))
          .map((name) => ({
            kind: 'store' as const,
            name,
            at: 0,
          })),
        fc.record({
          kind: fc.constant('container' as const),
          use: fc.constantFrom(...CONTAINERS),
          children: fc.array(tie('e'), { minLength: 1, maxLength: 3 }),
          at: fc.constant(0),
        }),
      ),
    })).e;
    fc.assert(fc.property(tree, (e) => parse(formatExpression(e)) === formatExpression(e)));
  });
});
