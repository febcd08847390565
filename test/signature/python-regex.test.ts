import { describe, expect, it } from 'vitest';
import { PatternList } from '../../src/signature/pattern-list.ts';

const matches = (pattern: string, frame: string): boolean =>
  new PatternList('x', [{ line: 1, pattern }]).matches(frame);

// Each expectation is what `re.match` of Python 3.11 gives.
describe('Python patterns', () => {
  it.each([
    ['foo', 'foobar', true],
    ['foo', 'a foo', false],
    ['a|b', 'b', true],
    ['foo$', 'foo\n', true],
    ['foo\\Z', 'foo\n', false],
    ['(?m)foo$', 'foo\nbar', true],
    ['\\Afoo', 'foo', true],
    ['.', '\n', false],
    ['.', '\r', true],
    ['.', '\u2028', true],
    ['(?s).', '\n', true],
    ['.b', '😀b', true],
    ['[^a]b', '😀b', true],
    ['(?i)FOO', 'foo', true],
    ['(?i)É', 'é', true],
    ['(?i)\\w', 'é', true],
    ['(?a)\\w', 'é', false],
    ['\\w+$', 'naïve_été٣', true],
    ['\\w', '\u0301', false],
    ['\\d$', '٣', true],
    ['[\\d]$', '²', false],
    ['\\s', '\u3000', true],
    ['\\s', '\x1c', true],
    ['\\s', '\ufeff', false],
    ['\\S', '\ufeff', true],
    ['\\bé', 'é', true],
    ['é\\b', 'éa', false],
    ['é\\B', 'éa', true],
    ['(?P<q>[ab])(?P=q)', 'aa', true],
    ['(?P<q>[ab])(?P=q)', 'ab', false],
    ['(a|b)\\1', 'bb', true],
    ['a{,2}$', 'aa', true],
    ['a{,2}$', 'aaa', false],
    ['a{}', 'a{}', true],
    ['a{b}', 'a{b}', true],
    ['[]a]+$', ']a', true],
    ['[^]a]', 'b', true],
    ['[a-]$', '-', true],
    ['[\\]\\-]+$', ']-', true],
    ['[[]', '[', true],
    ['a]', 'a]', true],
    ['\\x41\\u00e9\\U0001F600', 'Aé😀', true],
    ['\\101\\0', 'A\0', true],
    ['[\\b]', '\b', true],
    ['\\-\\:\\/\\ \\"\\@\\&', '-:/ "@&', true],
    ['(?#comment)a', 'a', true],
    ['(?<=a)b', 'b', false],
    ['a(?!b)', 'ac', true],
    ['\\$_\\d+::', '$_12::', true],
    ['[\\s\\S]{3}$', 'é\n😀', true],
    ['[\\S]', '\x1c', false],
    ['[a\\W]b', 'éb', false],
    ['[a\\W]b', '-b', true],
    ['[^\\Wé]', 'é', false],
    ['[^\\Wé]', 'e', true],
    ['\\B', '', false],
    ['\\B', '-', true],
    ['(?i:foo)bar', 'FOObar', true],
    ['(?i:foo)bar', 'FOOBAR', false],
    ['(?i)foo(?-i:bar)', 'FOObar', true],
    ['(?i)foo(?-i:bar)', 'FOOBAR', false],
    ['(?i:[b-d]x)', 'CX', true],
    ['(?i:\\x61)', 'A', true],
    ['(?i:[^a])', 'A', false],
    ['(?i:k)', '\u212a', true],
    ['(?ai)k', '\u212a', false],
    ['(?s:.)', '\n', true],
    ['(?s:a).', 'a\n', false],
    ['(?m:a$)', 'a\nb', true],
    ['(?a:\\w)é', 'aé', true],
    ['(?a:\\w)', 'é', false],
    ['(?x) f o o  # a name', 'foo', true],
    ['(?x)f\\ o[ ]o', 'f o o', true],
    ['(?x)a +$', 'aaa', true],
    ['(?x:a b)c d', 'abc d', true],
    ['(?>a|ab)c', 'abc', false],
    ['(?:a|ab)c', 'abc', true],
    ['(?>a*)ab', 'aab', false],
    ['a*+b', 'aab', true],
    ['a++a', 'aaa', false],
    ['(?:ab)?+ab', 'ab', false],
    ['a{1,2}+a', 'aa', false],
    ['a{1,2}+a', 'aaa', true],
    ['(?=f)*foo', 'foo', true],
    ['(?P<a>x)(y)(?>(z))\\2\\3(?P=a)', 'xyzyzx', true],
    ['((((((((((k))))))))))\\10', 'kk', true],
    ['(?<![a-z])x', 'x', true],
    ['a(b|c){2}(?<=bc|cb)d', 'abcd', true],
    ['a(b|c){2}(?<=bc|cb)d', 'abbd', false],
    ['(a)b(?<=\\1b)c', 'abc', true],
    ['a(?#c)b', 'ab', true],
  ])('%s of %j is %s', (pattern, frame, expected) => {
    expect(matches(pattern, frame)).toBe(expected);
  });

  it('keep flags and groups of one line away from the others', () => {
    const lines = ['(?i)foo', 'bar', '(x)\\1', '(y)\\1'].map((pattern, i) => ({ line: i + 1, pattern }));
    const list = new PatternList('x', lines);
    expect(list.matches('FOO')).toBe(true);
    expect(list.matches('BAR')).toBe(false);
    expect(list.lineOf('yy')?.line).toBe(4);
    expect(list.matches('yx')).toBe(false);
  });
});
