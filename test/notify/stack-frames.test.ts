import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStack } from '../../src/notify/sentry/stack-frames.ts';

describe('parseStack', () => {
  it('reads each shape of V8’s lines, outermost first', () => {
    const stack = [
      'TypeError: something (in brackets)',
      '    at inner (file:///srv/auxilio/dist/a%20b.js:10:20)',
      '    at async Pipeline.run (/srv/auxilio/dist/pipeline.js:1:2)',
      '    at new Store [as Thing] (node:internal/x:3:4)',
      '    at /srv/auxilio/node_modules/undici/index.js:5:6',
      '    at Array.map (<anonymous>)',
      '    at native',
      'not a frame',
    ].join('\n');
    expect(parseStack(stack).reverse()).toEqual([
      { function: 'inner', filename: '/srv/auxilio/dist/a b.js', lineno: 10, colno: 20, in_app: true },
      {
        function: 'Pipeline.run',
        filename: '/srv/auxilio/dist/pipeline.js',
        lineno: 1,
        colno: 2,
        in_app: true,
      },
      { function: 'new Store [as Thing]', filename: 'node:internal/x', lineno: 3, colno: 4, in_app: false },
      {
        function: '?',
        filename: '/srv/auxilio/node_modules/undici/index.js',
        lineno: 5,
        colno: 6,
        in_app: false,
      },
      { function: 'Array.map', filename: '<anonymous>', in_app: true },
      { function: '?', filename: 'native', in_app: false },
    ]);
  });

  it('keeps the innermost frames of a long stack, and takes any text', () => {
    const stack = Array.from({ length: 200 }, (_, i) => `    at f${i} (/x.js:${i}:1)`).join('\n');
    const frames = parseStack(stack);
    expect([frames.length, frames.at(-1)?.function, frames[0]?.function]).toEqual([50, 'f0', 'f49']);
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseStack(`    at ${text}`))));
  });
});
