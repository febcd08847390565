import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultRules } from '../../src/signature/default-rules.ts';
import { FrameMemo } from '../../src/signature/frame-memo.ts';
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
  const key = (text: string, kind = 0) => ({ kind, text });

  it('is bounded in entries and characters', () => {
    const memo = new FrameMemo<number>({ entries: 10, characters: 1000 });
    for (let i = 0; i < 1000; i++) {
      memo.set(key(`key ${i}`), i);
      expect(memo.find([key(`key ${i}`)])).toEqual([i]);
      expect(memo.size).toBeLessThanOrEqual(10);
    }
    for (let i = 0; i < 10; i++) memo.set(key('x'.repeat(900) + i), i);
    expect(memo.size).toBe(2);
    memo.set(key('x'.repeat(5000)), 0);
    expect(memo.find([key('x'.repeat(5000))])).toEqual([undefined]);
  });

  it('keeps nearly all up to its limit, and confounds neither kinds nor keys', () => {
    const memo = new FrameMemo<string>({ entries: 20_000, characters: 10_000_000 });
    const keys = Array.from({ length: 10_000 }, (_, i) => [
      key(`ns::f${i}(int)`, 1),
      key(`ns::f${i}(int)`, 2),
    ]);
    for (const one of keys.flat()) memo.set(one, `${one.kind} ${one.text}`);
    const found = keys.flat().map((one) => [memo.find([one])[0], `${one.kind} ${one.text}`] as const);
    for (const [value, own] of found) expect([own, undefined]).toContain(value);
    expect(found.filter(([value]) => value !== undefined).length).toBeGreaterThan(19_000);
    expect(memo.find(keys.flat().slice(0, 40))).toEqual(found.slice(0, 40).map(([value]) => value));
  });

  it('replaces the value of a key', () => {
    const memo = new FrameMemo<number>({ entries: 10, characters: 1000 });
    for (let i = 0; i < 20; i++) memo.set(key('f'), i);
    expect([memo.size, memo.find([key('f')])]).toEqual([1, [19]]);
  });
});

describe('naming a stack', () => {
  it('complains of the first odd frame, though the names are looked up together', async () => {
    const lists = await parseLists({});
    const odd = [{ function: 'a' }, { function: 'const' }, 'no frame'];
    const { notes } = new SignatureGenerator({ lists }).generate({ threads: [{ frames: odd }] } as never);
    expect(notes).toEqual(["SignatureGenerationRule: Rule failed: 'Result' object has no attribute 'note'"]);
  });

  it('gives a line to a function whose name alone tells its language', async () => {
    const lists = await parseLists({ lineNumbers: 'do_exit' });
    const generator = new SignatureGenerator({ lists });
    for (const line of [7, 8]) {
      const frame = { function: 'do_exit+0x1d/0x40', file: 'kernel/exit.c', line };
      expect(generator.generate({ threads: [{ frames: [frame] }] }).signature).toBe(`do_exit:${line}`);
    }
  });
});
