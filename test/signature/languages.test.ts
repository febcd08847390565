import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CrashData, CrashDataFrame } from '../../src/signature/crash-data.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { languageByName } from '../../src/signature/languages/registry.ts';
import { loadLists } from '../../src/signature/list-folder.ts';
import { readStackText } from '../../src/signature/stack-text.ts';
import { trimSignatureInput } from '../../src/signature/trim-input.ts';
import { LANGUAGE_STACKS } from './language-stacks.ts';

const generator = new SignatureGenerator({
  lists: await loadLists(join(import.meta.dirname, '../../siglists')),
});

const namesOf = (data: CrashData): readonly string[] =>
  generator.generate(data).extra.normalized_frames ?? [];
const nameOf = (frame: CrashDataFrame, report?: string): string | undefined =>
  namesOf({ threads: [{ frames: [frame] }], ...(report ? { language: report } : {}) })[0];

describe.each(LANGUAGE_STACKS)('$what', ({ language, text, names, signature }) => {
  it('is read for what it is', () => {
    expect(readStackText(text)?.language).toBe(language);
  });

  it('has the names that its lists know', () => {
    expect(namesOf(readStackText(text, language) ?? {})).toEqual(names);
  });

  it('has a signature of its own, made of the stored part too', () => {
    const data = readStackText(text) ?? {};
    expect(generator.generate(data).signature).toBe(signature);
    const stored = JSON.parse(JSON.stringify(trimSignatureInput(data))) as CrashData;
    expect(generator.generate(stored)).toEqual(generator.generate(data));
  });
});

describe('the language of a frame', () => {
  it.each([
    ['its file', { function: 'main.run.func3', file: '/src/a.go' }, undefined, 'main.run.func'],
    [
      'its file in version control',
      { function: '<module>', file: 'hg:host/r:a/b.py:0a1b' },
      undefined,
      'b.<module>',
    ],
    ['itself', { function: 'App.A+B.C(Int32 x)', language: 'csharp' }, undefined, 'App.A.B.C'],
    ['its name', { function: 'foo.isra.0+0x1a/0x30' }, undefined, 'foo'],
    ['the report', { function: 'async A.b [as c]' }, 'nodejs', 'A.b'],
    [
      'the report, for a page',
      { function: 'async A.b [as c]', file: 'app://x/index.html' },
      'electron',
      'A.b',
    ],
    ['nobody', { function: 'async A.b [as c]' }, undefined, '[as c]'],
    [
      'C++, whatever the report',
      { function: 'PyObject_Call(int)', file: '/a/call.c' },
      'python',
      'PyObject_Call',
    ],
    ['Rust, whatever the report', { function: 'a::b::h0a1b2c', file: '/a/b.rs' }, 'javascript', 'a::b'],
    ['C++, when it says so', { function: 'foo(int)', file: 'a.go', language: 'c++' }, undefined, 'foo'],
  ] as const)('is said by %s', (_by, frame, report, expected) => {
    expect(nameOf(frame, report)).toBe(expected);
  });

  it('has names of other systems', () => {
    expect(languageByName('KernelOops')?.name).toBe('kernel');
    expect(languageByName('cobol')).toBeUndefined();
    expect(languageByName(7)).toBeUndefined();
  });

  it('may be asked for its line', async () => {
    const lists = { ...generator.lists, lineNumbers: generator.lists.prefix };
    const lined = new SignatureGenerator({ lists });
    const at = (line: number): string =>
      lined.generate({ language: 'go', threads: [{ frames: [{ function: 'runtime.gopanic(0x1)', line }] }] })
        .extra.proto_signature ?? '';
    expect([at(3), at(4)]).toEqual(
      lists.prefix.matches('runtime.gopanic') ? ['runtime.gopanic:3', 'runtime.gopanic:4'] : [at(3), at(3)],
    );
  });
});

describe.each([
  ['go', 'a.(*T).b·dwrap·1', 'a.(*T).b.func'],
  ['go', 'gopkg.in/yaml%2ev3.Unmarshal', 'gopkg.in/yaml.v3.Unmarshal'],
  ['go', 'main.init.0', 'main.init'],
  ['go', 'main.f-range2', 'main.f-range'],
  ['go', '(odd)', '(odd)'],
  ['swift', '(extension in App):Swift.String.trimmed.getter : Swift.String', 'Swift.String.trimmed.getter'],
  ['swift', 'App.(helper in _1A2B3C)(x: Swift.Int) -> Swift.Int', 'App.helper(x:)'],
  ['swift', '(1) await resume partial function for App.run() async -> ()', 'App.run()'],
  ['swift', '$s3App4mainyyF', '$s3App4mainyyF'],
  ['swift', 'closure #1 in closure #2 in App.run()', 'closure in App.run()'],
  ['dotnet', 'App.Foo..cctor()', 'App.Foo.cctor'],
  ['dotnet', 'App!App.Foo.Bar(Int32)', 'App.Foo.Bar'],
  ['dotnet', 'App.View:Draw (int,string)', 'App.View.Draw'],
  ['dotnet', 'App.<>c.<Run>b__3_0()', 'App.Run.lambda'],
  ['dotnet', 'App.<>c.<<Run>b__3_0>d.MoveNext()', 'App.Run.lambda'],
  ['dotnet', 'Program.<Main>$(String[] args)', 'Program.Main'],
  ['dotnet', 'Program.clo@12-1.Invoke(Unit)', 'Program.clo@.Invoke'],
  ['dotnet', 'App._Closure$__1-0._Lambda$__2(Object a0)', 'App._Closure$__._Lambda$__'],
  ['python', 'f', 'f'],
  ['ruby', 'ensure in block in Foo.bar', 'Foo.bar'],
  ['javascript', 'bound get size', 'size'],
  ['javascript', '?', '<anonymous>'],
  ['kernel', '[<ffffffff8100>] ? foo.constprop.0.cold+0x1/0x2', 'foo'],
  ['kernel', '__do_sys_read+0x1/0x2', 'sys_read'],
  ['objective-c', '___21-[A b]_block_invoke_2', '-[A b]_block_invoke'],
] as const)('%s: %s', (language, name, expected) => {
  it(`is ${expected}`, () => expect(nameOf({ function: name, language })).toBe(expected));
});

describe('hostile names', () => {
  it.each(
    ['go', 'swift', 'objective-c', 'dotnet', 'python', 'ruby', 'javascript', 'kernel'].flatMap((language) =>
      ['(', '<', ' in ', '.func1', 'closure #1 in ', '/', ' of ', '.isra.0', '](', 'block in ', '`1'].map(
        (part) => [language, part] as const,
      ),
    ),
  )('%s: 100 kB of %j take no time', (language, part) => {
    const name = part.repeat(Math.ceil(100_000 / part.length));
    const from = performance.now();
    generator.generate({ language, threads: [{ frames: [{ function: name, file: `${name}.py` }] }] });
    readStackText(name, language);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});

describe('a line', () => {
  it.each([
    ['kernel', '[    1.5] [<ffffffff810e>] foo+0x1/0x2 [ext4]', 'foo'],
    ['kernel', '[c0000003fffbf7e0] [c000000000123abc] foo+0x10/0x20 (unreliable)', 'foo'],
    ['kernel', '[    1.5] pc : foo+0x1c/0x100', 'foo'],
    ['kernel', 'NIP foo+0x10/0x20', 'foo'],
    ['kernel', '[    1.5] lr : foo+0x1c/0x100', undefined],
    ['ruby', "C:/app/a.rb:3:in 'A#b'", 'A#b'],
    ['ruby', "(irb):1:in `b'", '(irb):b'],
    ['python', '  |   File "/a/b.py", line 3, in c', 'b.c'],
    ['python', '  File "<stdin>", line 1', '<stdin>.<module>'],
    ['swift', '2  App  0x0000000104b200aa A.b(_:) (in App) + 8 (A.swift:3) [inlined]', 'A.b(_:)'],
    ['swift', '2  My App  0x0000000104b200aa $s3App1bC + 8', '$s3App1bC'],
    ['javascript', '    at foo (C:\\app\\a.js:3:1)', 'foo'],
    ['javascript', '    at new Promise (<anonymous>)', 'new Promise'],
    ['javascript', '    at async /app/a.js:3:1', 'a.js:<anonymous>'],
    ['javascript', '    at this is prose', undefined],
    ['go', 'exit status 2', undefined],
    ['dotnet', '   at the end', undefined],
  ])('of %s: %s', (language, line, expected) => {
    const data = readStackText(line, language);
    expect(data && namesOf(data)[0]).toBe(expected);
  });
});

describe('a text', () => {
  it('without a stack is none, and of an unknown language too', () => {
    expect(readStackText('hello\nworld')).toBeUndefined();
    expect(readStackText('  File "a", line 1, in b', 'cobol')).toBeUndefined();
  });
});
