/** Types within `IPC::ParamTraits<…>`: what one scan gives is what the rule says, level by level. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collapseTraits } from '../../src/signature/collapse-traits.ts';
import { collapseTypes, enclosedSlices } from '../../src/signature/slices.ts';

/** The rule as it is written down: each level is looked at by itself. */
function byTheRule(name: string): string {
  const parts: string[] = [];
  let previous = 0;
  for (const [start, end] of enclosedSlices(name, '<', '>')) {
    const before = name.slice(previous, start);
    const inside = name.slice(start, end);
    const isKept = inside === '<name omitted>' || inside.includes(' as ') || inside.includes(' in ');
    parts.push(before);
    if (isKept || before.endsWith('operator')) parts.push(inside);
    else if (before.endsWith('IPC::ParamTraits')) {
      const last = /[\ud800-\udbff][\udc00-\udfff]$/.test(inside) ? -2 : -1;
      parts.push(`<${byTheRule(inside.slice(1, last))}>`);
    } else parts.push('<T>');
    previous = end;
  }
  return [...parts, name.slice(previous)].join('');
}

const piece = fc.constantFrom(
  ...[
    '<',
    '<',
    '>',
    '>',
    'IPC::ParamTraits',
    'IPC::ParamTraits<',
    'operator',
    'a',
    ' as ',
    ' in ',
    '<name omitted>',
  ],
  ...['\u{1f600}', '\ud83d', '\ude00', ' ', '::', 'name omitted>', ' a', 's ', 'n '],
);
const name = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));

describe('types', () => {
  it('are collapsed by the rule, whatever the name', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(collapseTraits(text)).toBe(byTheRule(text));
        expect(collapseTypes(text)).toBe(byTheRule(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ['IPC::ParamTraits<Foo<int>>::Read', 'IPC::ParamTraits<Foo<T>>::Read'],
    ['IPC::ParamTraits<IPC::ParamTraits<a<b>>>', 'IPC::ParamTraits<IPC::ParamTraits<a<T>>>'],
    ['IPC::ParamTraits<foo', 'IPC::ParamTraits<fo>'],
    ['IPC::ParamTraits<', 'IPC::ParamTraits<>'],
    ['operatorIPC::ParamTraits<operator<x>>', 'operatorIPC::ParamTraits<operator<x>>'],
    ['IPC::ParamTraits<a as b>', 'IPC::ParamTraits<a as b>'],
  ])('%j becomes %j', (text, collapsed) => {
    expect(collapseTypes(text)).toBe(collapsed);
  });

  it('go as deep as the name does', () => {
    const depth = 60_000;
    const deep = `${'IPC::ParamTraits<'.repeat(depth)}a<b>${'>'.repeat(depth)}`;
    expect(collapseTypes(deep) === deep.replace('a<b>', 'a<T>')).toBe(true);
  });
});
