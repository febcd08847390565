import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultRules } from '../../src/signature/default-rules.ts';
import { GenerationalCache } from '../../src/signature/generational-cache.ts';
import { GENERATOR_VERSION, SignatureGenerator } from '../../src/signature/generator.ts';
import { parseLists } from '../../src/signature/list-folder.ts';
import { defineSignatureRule, type SignatureRule } from '../../src/signature/rule.ts';
import { stack } from './stack.ts';

const rulesFolder = join(import.meta.dirname, '../../src/signature/rules');

describe('rules', () => {
  it('are the default exports of the files in rules/, all of them', async () => {
    const files = readdirSync(rulesFolder);
    const exports = await Promise.all(
      files.map(
        async (file) => ((await import(join(rulesFolder, file))) as { default: SignatureRule }).default,
      ),
    );
    expect(new Set(exports)).toEqual(new Set(defaultRules));
    expect(files.map((file) => basename(file, '.ts'))).toHaveLength(defaultRules.length);
  });

  it('leave no doubt of their order: each comes after the one before', async () => {
    const after = new Map(defaultRules.map((rule) => [rule.after?.[0], rule.name]));
    const order: string[] = [];
    for (let name = after.get(undefined); name !== undefined; name = after.get(name)) order.push(name);
    expect(order).toEqual([
      'SignatureGenerationRule',
      'StackwalkerErrorSignatureRule',
      'BadHardware',
      'OOMSignature',
      'AbortSignature',
      'SignatureShutdownTimeout',
      'SignatureRunWatchDog',
      'SignatureIPCChannelError',
      'SignatureIPCMessageName',
      'StackOverflowSignature',
      'HungProcess',
      'SigPrintableCharsOnly',
      'SigFixWhitespace',
      'SigTruncate',
    ]);
  });

  it('stop the start when they go in a circle or after nobody', async () => {
    const lists = await parseLists({});
    const rule = (name: string, after: string): SignatureRule =>
      defineSignatureRule({ name, after: [after], run: () => undefined });
    expect(() => new SignatureGenerator({ lists, rules: [rule('a', 'b'), rule('b', 'a')] })).toThrow(/cycle/);
    expect(() => new SignatureGenerator({ lists, rules: [rule('a', 'z')] })).toThrow(
      /z, which does not exist/,
    );
  });

  it('that fail are noted without what a foreign error says, and the others go on', async () => {
    const lists = await parseLists({});
    const broken = defineSignatureRule({
      name: 'Broken',
      after: ['SigTruncate'],
      run: () => {
        throw new RangeError('the secret of the client');
      },
    });
    const last = defineSignatureRule({
      name: 'Last',
      after: ['Broken'],
      run: (context) => context.setSignature('last'),
    });
    const generator = new SignatureGenerator({ lists, rules: [...defaultRules, broken, last] });
    const { signature, notes } = generator.generate(stack('foo'));
    expect(signature).toBe('last');
    expect(notes).toEqual(['Broken: Rule failed: RangeError']);
  });
});

describe('the trace', () => {
  it('has each frame with the line that decided, and each rule that changed something', async () => {
    const lists = await parseLists({
      sentinels: '# none\nstart_here',
      irrelevant: 'skip\n',
      prefix: 'start\nkeep\n[^@]+\\.exe$',
      trim: 'tool\\.exe',
    });
    const generator = new SignatureGenerator({ lists });
    const frames = [
      'above',
      'start_here',
      'skip_me',
      'keep_me',
      '[tool.exe@0x1]',
      '[tool.exe@0x2]',
      'bug',
      'below',
    ];
    const { signature, trace } = generator.generate({ ...stack(frames.join('\n')), hang: 'ui' });
    const prefix = { list: 'prefix_signature_re.txt' };
    const trimLine = { list: 'trim_dll_signature_re.txt', line: 1 };
    expect(signature).toBe('hang: ui | start_here | keep_me | tool.exe | bug');
    expect(trace).toEqual({
      lists: lists.digest,
      generator: GENERATOR_VERSION,
      tool: 'c',
      thread: 0,
      sentinel: { list: 'signature_sentinels.txt', line: 2, index: 1 },
      frames: [
        { frame: 'above', index: 0, verdict: 'before_sentinel' },
        { frame: 'start_here', index: 1, verdict: 'kept', by: { ...prefix, line: 1 } },
        {
          frame: 'skip_me',
          index: 2,
          verdict: 'irrelevant',
          by: { list: 'irrelevant_signature_re.txt', line: 1 },
        },
        { frame: 'keep_me', index: 3, verdict: 'kept', by: { ...prefix, line: 2 } },
        {
          frame: 'tool.exe@0x1',
          index: 4,
          verdict: 'kept',
          by: { ...prefix, line: 3 },
          trimmed: { ...trimLine, to: 'tool.exe' },
        },
        { frame: 'tool.exe@0x2', index: 5, verdict: 'repeated', by: trimLine },
        { frame: 'bug', index: 6, verdict: 'stopped' },
        { frame: 'below', index: 7, verdict: 'not_reached' },
      ],
      steps: [
        { rule: 'SignatureGenerationRule', from: '', to: 'start_here | keep_me | tool.exe | bug' },
        {
          rule: 'HungProcess',
          from: 'start_here | keep_me | tool.exe | bug',
          to: 'hang: ui | start_here | keep_me | tool.exe | bug',
        },
      ],
    });
  });

  it('says so when an irrelevant frame was taken for want of a better one', async () => {
    const lists = await parseLists({ irrelevant: 'wait' });
    const { signature, trace } = new SignatureGenerator({ lists }).generate(stack('wait1\nwait2'));
    expect(signature).toBe('wait1');
    expect(trace.fallback).toBe(0);
    expect(trace.frames.map((frame) => frame.verdict)).toEqual(['irrelevant', 'irrelevant']);
  });

  it('merges runs of a module only when the trim list has it or it is a dll or so', async () => {
    const lists = await parseLists({ prefix: '.' });
    const { signature } = new SignatureGenerator({ lists }).generate(
      stack('[a.dylib]\n[a.dylib]\n[b.dll]\n[b.dll]\n[c.so]\n[c.so]\n[b.dll]\n@0x1\n@0x1'),
    );
    expect(signature).toBe('a.dylib | a.dylib | b.dll | c.so | b.dll | @0x1 | @0x1');
  });
});

describe('the memo of frames', () => {
  it('is bounded in entries and characters, and keeps what is asked for', () => {
    const cache = new GenerationalCache<{ i: number }>({ entries: 10, characters: 1000 });
    cache.set('kept', { i: -1 });
    for (let i = 0; i < 1000; i++) {
      cache.set(`key ${i}`, { i });
      expect(cache.get('kept')).toEqual({ i: -1 });
      expect(cache.size).toBeLessThanOrEqual(20);
    }
    expect(cache.get('key 1')).toBeUndefined();
    for (let i = 0; i < 10; i++) cache.set('x'.repeat(900) + i, { i });
    expect(cache.size).toBeLessThanOrEqual(4);
    cache.set('x'.repeat(5000), { i: 0 });
    expect(cache.get('x'.repeat(5000))).toBeUndefined();
  });
});
