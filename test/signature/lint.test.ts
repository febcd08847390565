import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckedLine, covers } from '../../src/signature/lint/checked-line.ts';
import { lintLists } from '../../src/signature/lint/lint-lists.ts';
import { isPossibleFrame } from '../../src/signature/lint/possible-frame.ts';
import { readListTexts } from '../../src/signature/list-folder.ts';
import type { ListTexts } from '../../src/signature/lists.ts';
import { judgePatterns } from '../../src/signature/pattern-safety.ts';

const lint = (texts: ListTexts) => lintLists(texts, { judge: judgePatterns });
const line = (pattern: string): CheckedLine => new CheckedLine({ line: 1, pattern, bugs: [] });

/** `line kind` of the prefix list. */
const ofPrefix = async (text: string): Promise<readonly string[]> =>
  (await lint({ prefix: text })).map((found) => `${found.line} ${found.kind}`);

describe('the lists of the package', () => {
  it('have nothing to complain of', async () => {
    expect(await lint(await readListTexts(join(import.meta.dirname, '../../siglists')))).toEqual([]);
  });
});

describe('lint', () => {
  it('tells of all lines that cannot be used, and goes on', async () => {
    const findings = await lint({ prefix: 'a(\n(b+)+c\nfoo\n(?(1)x)', sentinels: '[', irrelevant: 'foo' });
    expect(findings.map(({ list, line: at, kind, message }) => [list, at, kind, message])).toEqual([
      ['signature_sentinels.txt', 1, 'refused', 'unterminated character set'],
      ['prefix_signature_re.txt', 1, 'refused', 'missing ), unterminated subpattern'],
      [
        'prefix_signature_re.txt',
        2,
        'refused',
        expect.stringMatching(/^catastrophic backtracking .*as on 'b'/),
      ],
      [
        'prefix_signature_re.txt',
        3,
        'shadowed',
        'irrelevant_signature_re.txt:1 matches all that it does, and is asked first',
      ],
      ['prefix_signature_re.txt', 4, 'refused', expect.stringContaining('conditional groups')],
    ]);
  });

  it.each([
    ['foo\n\n# again\nfoo', ['4 duplicate']],
    ['foo\nfoobar', ['2 shadowed']],
    ['foo$\nfoobar', []],
    ['(a|b)c\nac$\nbc', ['2 shadowed', '3 shadowed']],
    ['\\w+::foo\n[a-z]{2,4}::foo', ['2 shadowed']],
    ['(?i)foo\nFoObar', ['2 shadowed']],
    ['foobar\nfoo', ['1 order']],
    ['foo\n(?:foo)', ['2 shadowed']],
    ['foo\n(?<!x)foo\\w+', ['2 shadowed']],
    ['[^a]\nb', ['2 shadowed']],
    ['a.c$\nabc\\Z', ['2 shadowed']],
    ['abc\\Z\na.c$', ['1 order']],
    ['alpha\nbeta\nzeta\ngamma\nomega\nsigma', ['3 order']],
    ['alpha\n(B)eta\n_gamma\nomega\nsigma\nzeta\ndelta', ['7 order']],
    ['alpha\nzeta\nbeta\nomega\ngamma\nsigma', []],
    ['alpha\nbeta\n\nzeta\ngamma\n# x\nomega\nalso', []],
    ['a$b', ['1 never']],
    ['foo\\(int\\)', ['1 never']],
    ['std::vector<int>', ['1 never']],
    ['void foo', ['1 never']],
    ['operator new', ['1 never']],
    ['std::vector<\nfoo::operator\\(\n<.+ as foo>::bar\n\\(anonymous namespace\\)::x\n\\(unloaded x', []],
    ['@0x[0-9]+\nGoogle Chrome Framework\nfoo\\.cpp#\\d+\n-\\[NSApplication run\\]', []],
    ['naïve\nété', []],
  ])('%j', async (text, expected) => {
    expect(await ofPrefix(text)).toEqual(expected);
  });

  it('says where a line out of alphabetical order belongs', async () => {
    const findings = await lint({
      prefix: 'alpha\nbeta\nzeta\ngamma\nomega\nsigma',
      trim: 'b\nc\nd\ne\nf\na',
    });
    expect(findings.map(({ message, by }) => [message, by?.line])).toEqual([
      ['out of alphabetical order: it belongs at the end of its group', undefined],
      ['out of alphabetical order: it belongs before line 1', 1],
    ]);
  });

  it('says which line it is about', async () => {
    expect(await lint({ irrelevant: 'foo\n# comment\nfoo_(bar|baz)$' })).toEqual([
      {
        list: 'irrelevant_signature_re.txt',
        line: 3,
        pattern: 'foo_(bar|baz)$',
        kind: 'shadowed',
        message: 'line 1 matches all that it does',
        by: { list: 'irrelevant_signature_re.txt', line: 1, pattern: 'foo' },
      },
    ]);
  });

  it('knows sentinels that no frame is called by', async () => {
    const findings = await lint({ sentinels: 'abort\nstd::foo(int)\ncore::panic<T>' });
    expect(findings.map(({ line: at, kind }) => [at, kind])).toEqual([[2, 'never']]);
  });

  it('asks nothing of the trim list that modules need not have', async () => {
    expect(await lint({ trim: '(My|Odd) (thing)\\(1\\)' })).toEqual([]);
  });
});

describe('one line over another', () => {
  const part = fc.constantFrom('a', 'b', '[ab]', '.', '\\w', 'a*', 'b?', '(a|bb)', '(ab)+', 'a{1,2}', '[^b]');
  const pattern = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '$', '\\Z'))
    .map(([parts, end]) => parts.join('') + end);

  it('is shown exactly: what is said to be covered never has a name of its own', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', '\n'), { maxLength: 7 }).map((all) => all.join(''));
    fc.assert(
      fc.property(
        pattern,
        pattern,
        fc.array(names, { minLength: 40, maxLength: 40 }),
        (general, specific, all) => {
          const [a, b] = [line(general), line(specific)];
          const how = covers(a, b);
          expect(how).not.toBe('probably');
          if (how === 'surely') expect(all.filter((name) => b.matches(name) && !a.matches(name))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is found whenever a pattern is put beside a wider one', () => {
    fc.assert(
      fc.property(pattern, (specific) => {
        expect(covers(line(`(?:${specific}|c)`), line(specific))).toBe('surely');
      }),
      { numRuns: 100 },
    );
  });

  it('is a matter of samples where no proof is possible', () => {
    expect(covers(line('foo'), line('foo(?!x)\\w+'))).toBe('probably');
    expect(covers(line('foo(?!x)\\w+'), line('foo'))).toBe('no');
    expect(covers(line('\\w{1000}{1}'.replace('{1}', '')), line('a'))).toBe('no');
  });
});

describe('a frame', () => {
  it.each([
    'foo',
    'foo<T>::bar',
    'foo::operator()',
    '@0x12',
    'a.dll',
    'a.cpp#12',
    'foo:None',
    '<T as X>::y',
    'App.tap(at:_:)',
    'tool.<module>',
    'closure in App.run()',
    'new Foo',
    'main.Map[...]',
  ])('may be called %s', (name) => expect(isPossibleFrame(name)).toBe(true));
  it.each(['foo(int)', 'int foo', 'foo<int>', 'foo &'])('is never called %s', (name) =>
    expect(isPossibleFrame(name)).toBe(false),
  );
});
