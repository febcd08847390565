import { describe, expect, it } from 'vitest';
import { explainSignature, parseTrace } from '../../src/signature/explanation.ts';
import { explanationText } from '../../src/signature/explanation-text.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { parseLists } from '../../src/signature/list-folder.ts';
import { stack } from './stack.ts';

const TEXTS = {
  sentinels: 'std::terminate\n',
  irrelevant: '# Ways to die, bug 17\nraise$\nkill\n',
  prefix: '# https://example.org/bugs/3\nabort$\n.*\\.dll',
  trim: '[^@]+\\.dll@0x',
};

const generator = new SignatureGenerator({ lists: await parseLists(TEXTS) });
const ofStack = (text: string, extra: object = {}) => {
  const { trace } = generator.generate({ ...stack(text), ...extra });
  // As it comes back out of a store.
  return parseTrace(JSON.parse(JSON.stringify(trace)));
};
const explain = (text: string, extra: object = {}) => {
  const trace = ofStack(text, extra);
  if (!trace) throw new Error('no trace');
  return explainSignature(trace, TEXTS);
};

describe('an explanation', () => {
  it('says of each frame what became of it, and by which line', () => {
    const { frames, sentinel, signature } = explain(
      'print\nstd::terminate\nraise\nabort\nfoo::bar(int)\nmain',
      { oom_allocation_size: 1_000_000 },
    );
    expect(signature).toBe('OOM | large | std::terminate');
    expect(sentinel).toEqual({
      index: 1,
      list: 'signature_sentinels.txt',
      line: 1,
      text: 'std::terminate',
      bugs: [],
    });
    expect(frames.map(({ outcome }) => outcome)).toEqual([
      'skipped',
      'stopped',
      'not_reached',
      'not_reached',
      'not_reached',
      'not_reached',
    ]);
    expect(frames[0]?.by).toMatchObject({ list: 'signature_sentinels.txt', text: 'std::terminate' });
  });

  it('carries the comment and the bug of the line', () => {
    const { frames } = explain('raise\nabort\nfoo');
    expect(frames[0]).toMatchObject({
      outcome: 'skipped',
      by: { line: 2, text: 'raise$', comment: 'Ways to die, bug 17', bugs: [{ text: 'bug 17' }] },
    });
    expect(frames[1]).toMatchObject({
      outcome: 'kept',
      by: { line: 2, text: 'abort$', bugs: [{ url: 'https://example.org/bugs/3' }] },
    });
    expect(frames[2]).toMatchObject({ outcome: 'stopped', fallback: false });
    expect(frames[2]).not.toHaveProperty('by');
  });

  it('tells what was trimmed, repeated and taken for want of another', () => {
    const { frames } = explain('a.dll@0x1\na.dll@0x2\nmain');
    expect(frames[0]).toMatchObject({ outcome: 'kept', trimmed: { to: 'a.dll', text: '[^@]+\\.dll@0x' } });
    expect(frames[1]).toMatchObject({ outcome: 'skipped', verdict: 'repeated' });
    expect(explain('raise\nkill').frames[0]).toMatchObject({ outcome: 'stopped', fallback: true });
  });

  it('goes without the texts of lists that nobody has any more', () => {
    const trace = ofStack('raise\nfoo');
    if (!trace) throw new Error('no trace');
    const explanation = explainSignature(trace, undefined);
    expect(explanation.listsKnown).toBe(false);
    expect(explanation.frames[0]?.by).toEqual({ list: 'irrelevant_signature_re.txt', line: 2, bugs: [] });
    expect(explanationText(explanation)).toContain('(their text is not kept any more)');
  });
});

describe('an explanation as text', () => {
  it('reads like this', () => {
    const text = explanationText(explain('raise\nabort\nfoo::bar(int)\nmain', { hang: 'ui' }));
    expect(text.replace(/Lists: .*/, 'Lists: …').split('\n')).toEqual([
      'Signature: hang: ui | abort | foo::bar',
      'Made of:   native stack, thread 0',
      `Generator: ${generator.generate({}).trace.generator}`,
      'Lists: …',
      'Frames:',
      '   0 skipped  raise',
      '              on the list of frames that say nothing about the cause',
      '              by irrelevant_signature_re.txt:2  raise$  (bug 17)',
      '   1 kept     abort',
      '              part of the signature; on the prefix list, so the next frame is looked at too',
      '              by prefix_signature_re.txt:2  abort$  (https://example.org/bugs/3)',
      '   2 stopped  foo::bar',
      '              part of the signature; no line of the prefix list matches it, so it ends here',
      '  1 more not reached',
      'Rules:',
      '  SignatureGenerationRule: "" -> "abort | foo::bar"',
      '  HungProcess: "abort | foo::bar" -> "hang: ui | abort | foo::bar"',
    ]);
  });

  it('lets no frame move the cursor or turn the text around', () => {
    expect(explanationText(explain('a\u001b[2Jb\u202ec'))).toContain('a[U+001B][2Jb[U+202E]c');
  });
});

describe('a stored trace', () => {
  it.each([
    ['nothing', undefined],
    ['text', 'x'],
    ['no frames', { steps: [] }],
    ['a frame that is none', { frames: [3], steps: [] }],
    ['a verdict of another time', { frames: [{ frame: 'a', index: 0, verdict: 'constructor' }], steps: [] }],
    ['a step without a rule', { frames: [], steps: [{ from: '', to: 'x' }] }],
    ['a line without a place', { frames: [{ frame: 'a', index: 0, verdict: 'kept', by: {} }], steps: [] }],
  ])('that is %s is none', (_what, stored) => {
    expect(parseTrace(stored)).toBeUndefined();
  });

  it('may lack what an older version did not write', () => {
    expect(parseTrace({ frames: [], steps: [] })).toEqual({
      lists: '',
      generator: '',
      tool: 'none',
      frames: [],
      steps: [],
    });
  });
});
