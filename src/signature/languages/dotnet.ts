/** .NET and Mono: `App.Service.<RunAsync>d__12.MoveNext()`, `App.List`1[T].Add(T item)`, `App.View:Draw (int)`. */
import { replaceBrackets } from './brackets.ts';
import { defineLanguage, frameOf } from './language.ts';

/** What the compiler makes of one method, back to the method as it was written. */
const asWritten = (name: string): string =>
  name
    // Async lambdas: `<<Run>b__3_0>d.MoveNext`.
    .replace(/<(<[^<>]+>[bg]__[\w|]+)>d(?:__\d+)?\.MoveNext$/, '$1')
    // Async methods and iterators are state machines: `<RunAsync>d__12.MoveNext`.
    .replace(/<([^<>]+)>d(?:__\d+)?(?:`\d+)?\.MoveNext$/, '$1')
    // Lambdas: `<>c.<Run>b__3_0`, `<>c__DisplayClass5_0.<Run>b__1`.
    .replace(/(?:<>c(?:__DisplayClass\w+)?(?:`\d+)?\.)?<([^<>]+)>b__\w+$/, '$1.lambda')
    // Local functions: `<Run>g__Check|5_0`.
    .replace(/(?:<>c(?:__DisplayClass\w+)?(?:`\d+)?\.)?<([^<>]+)>g__(\w+)\|\w+$/, '$1.$2')
    // Statements of a file without a class: `Program.<Main>$`.
    .replace(/<([^<>]+)>\$$/, '$1')
    // F# and Visual Basic count closures by line and by number: `clo@12-1`, `_Lambda$__2`.
    .replace(/@\d+(?:-\d+)*/g, '@')
    .replace(/\$__\d+(?:-\d+)*/g, '$$__');

export default defineLanguage({
  name: 'dotnet',
  extensions: ['cs', 'vb', 'fs', 'razor'],
  normalise({ function: name }) {
    const bare = name
      .replace(/^at /, '')
      .replace(/^\(wrapper [\w-]+\) /, '')
      .replace(/^[\w.-]+!/, '')
      .replace(/ \[0x[0-9a-f]+\] in .*$/, '');
    const withoutArguments = replaceBrackets(bare, '(', () => '').trimEnd();
    return asWritten(
      replaceBrackets(withoutArguments, '[', () => '')
        .replaceAll('+', '.')
        .replace(/`\d+/g, ''),
    )
      .replace(':', '.')
      .replace('..c', '.c');
  },
  // `   at App.Program.Main(String[] args) in C:\src\Program.cs:line 12`
  readLine(line) {
    const [, name, file, at] = /^at (.+?)(?: in (.+?):(?:line )?(\d+))?$/.exec(line.trim()) ?? [];
    // JavaScript begins its lines so as well, and ends them with the place.
    if (name === undefined || !/[.:]/.test(name) || /:\d+\)?$/.test(name)) return undefined;
    return frameOf({ name: name.replace(/ \[0x[0-9a-f]+\]$/, ''), file, line: at });
  },
});
