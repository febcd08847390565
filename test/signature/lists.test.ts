import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadLists, parseLists } from '../../src/signature/list-folder.ts';
import { ListError } from '../../src/signature/lists.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siglists-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refusal = async (line: string): Promise<string> => {
  const error = await parseLists({ prefix: `# comment\n\n${line}\n` }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ListError);
  expect(error).toMatchObject({ file: 'prefix_signature_re.txt', line: 3 });
  return (error as ListError).reason;
};

describe('loading', () => {
  it('takes missing and empty files for lists that match nothing', async () => {
    await writeFile(join(folder, 'prefix_signature_re.txt'), '# nothing\n\n');
    const lists = await loadLists(folder);
    expect(lists.prefix.matches('')).toBe(false);
    expect(lists.irrelevant.matches('anything')).toBe(false);
    expect(lists.sentinels.size).toBe(0);
    expect(lists.prefix.lineOf('anything')).toBeUndefined();
  });

  it('trims lines, skips comments, and knows every line by its place in the file', async () => {
    const text = '\ufeff# head\r\n\r\n  foo\\w+  \r\nbar\r\n#baz\nqux';
    await writeFile(join(folder, 'irrelevant_signature_re.txt'), text);
    const { irrelevant } = await loadLists(folder);
    const list = 'irrelevant_signature_re.txt';
    expect(irrelevant.lineOf('food')).toEqual({ list, line: 3 });
    expect(irrelevant.lineOf('barn')).toEqual({ list, line: 4 });
    expect(irrelevant.lineOf('quxx')).toEqual({ list, line: 6 });
    expect(irrelevant.matches('baz')).toBe(false);
    expect(irrelevant.matches('a foot')).toBe(false);
  });

  it('finds the first line that matches, in long lists too', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `name${i}$`);
    const { prefix } = await parseLists({ prefix: [...lines, 'name\\d+$'].join('\n') });
    expect(prefix.lineOf('name57')?.line).toBe(58);
    expect(prefix.lineOf('name570')?.line).toBe(101);
  });

  it('has a digest of all five files', async () => {
    const one = await parseLists({ prefix: 'a', irrelevant: 'b' });
    const same = await parseLists({ irrelevant: 'b', prefix: 'a' });
    const other = await parseLists({ prefix: 'b', irrelevant: 'a' });
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(same.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
  });

  it('rejects with what the system says when a file cannot be read', async () => {
    await expect(loadLists(join(folder, 'x\0y'))).rejects.not.toBeInstanceOf(ListError);
  });
});

describe('bad lines', () => {
  it('are refused with file, line and reason', async () => {
    await writeFile(join(folder, 'prefix_signature_re.txt'), 'good\n\nbad(\n');
    const file = join(folder, 'prefix_signature_re.txt');
    await expect(loadLists(folder)).rejects.toThrow(`${file}:3: missing ), unterminated subpattern`);
  });

  it('are refused in the sentinels too, though those are compared and not matched', async () => {
    await expect(parseLists({ sentinels: 'foo(int' })).rejects.toThrow('signature_sentinels.txt:1: ');
    const { sentinels } = await parseLists({ sentinels: '(a+)+b' });
    expect(sentinels.get('(a+)+b')).toMatchObject({ line: 1 });
  });

  it.each([
    ['*foo', 'nothing to repeat'],
    ['foo)', 'unbalanced parenthesis'],
    ['foo[a', 'unterminated character set'],
    ['foo**', 'multiple repeat'],
    ['foo\\', 'bad escape (end of pattern)'],
    ['\\q', 'bad escape \\q'],
    ['[z-a]', 'range out of order in character class'],
    ['[\\w-z]', 'bad character range \\w-z'],
    ['(?P<a>x)(?P<a>y)', 'redefinition of group name a'],
    ['(?P=b)', 'unknown group name b'],
    ['\\1', 'invalid group reference 1'],
    ['a{3,2}', 'min repeat greater than max repeat'],
    ['x(?i)', 'global flags not at the start of the expression'],
    ['(a)(?(1)b|c)', 'conditional groups are not supported: JavaScript has none; write two lines'],
    ['(a)?\\1', 'group 1 may have taken no part, which JavaScript cannot tell from an empty one'],
    ['(a)|\\1', 'group 1 may have taken no part, which JavaScript cannot tell from an empty one'],
    ['(?!(a))\\1', 'group 1 may have taken no part, which JavaScript cannot tell from an empty one'],
    ['(?<=a*)b', 'look-behind requires fixed-width pattern'],
    ['(?<!a|bc)d', 'look-behind requires fixed-width pattern'],
    ['(a?)(?<=\\1)d', 'look-behind requires fixed-width pattern'],
    ['(a\\1)', 'cannot refer to an open group'],
    ['(?<n>a)', 'unknown extension ?<n'],
    ['(?P>n)', 'unknown extension ?P>'],
    ['(?i-i:a)', 'flag turned on and off'],
    ['(?i-:a)', 'missing flag'],
    ['(?q:a)', 'unknown flag q'],
    ['(?L:a)', 'the flag L is for bytes, and frames are text'],
    ['(?-a:b)', "bad flags: cannot turn off flags 'a', 'u' and 'L'"],
    ['(?au)b', 'flags a and u are incompatible'],
    ['(?i:[à-é])', 'a range beyond ASCII under a flag i inside of the pattern is not supported'],
    ['(?i:(a)\\1)', 'a back reference under a flag i inside of the pattern is not supported'],
    ['\\N{BULLET}', 'characters by name are not supported: write \\u and four digits'],
    ['a*+*', 'multiple repeat'],
    ['a*?+', 'multiple repeat'],
    [`${'('.repeat(51)}a`, 'more than 50 groups in one another'],
    ['a{2000}', 'repeats more than 1000 times'],
    ['a'.repeat(2001), 'longer than 2000 characters'],
  ])('%s', async (line, reason) => {
    expect(await refusal(line)).toBe(reason);
  });
});

describe('catastrophic lines', () => {
  it('are refused with an attack', async () => {
    expect(await refusal('(a+)+b')).toMatch(/^catastrophic backtracking \(exponential\), as on /);
    expect(await refusal('.*.*=.*x')).toMatch(/^catastrophic backtracking \(.*polynomial\)/);
  });

  it('are told from doubtful ones, which are remembered by digest', async () => {
    const cacheFile = join(folder, 'deep', 'checked');
    const lists = { prefix: 'a+b+c', irrelevant: '(foo|ba)*$' };
    await parseLists(lists, { cacheFile });
    const known = (await readFile(cacheFile, 'utf8')).trim().split('\n');
    expect(known).toHaveLength(2);
    // What the file says is believed, and nobody asks again.
    const evil = createHash('sha256').update('recheck-4.5/2\0u\0(?:a+)+b').digest('hex');
    await writeFile(cacheFile, `${evil}\nnot a digest\n`);
    await parseLists({ prefix: '(a+)+b' }, { cacheFile });
  });

  it('are not searched for any longer when the caller gives up', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(parseLists({ prefix: 'a+b+c' }, { signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});
