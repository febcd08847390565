import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInRules } from '../../src/collector/throttle/built-in-rules.ts';
import { loadThrottleRules, parseThrottleRules } from '../../src/collector/throttle/load-rules.ts';
import { decide } from '../../src/collector/throttle/throttle.ts';
import { compareVersions } from '../../src/collector/throttle/versions.ts';

type Crash = Readonly<Record<string, string>>;
const of = (crash: Crash): ReadonlyMap<string, string> => new Map(Object.entries(crash));

async function holds(when: unknown, crash: Crash): Promise<boolean> {
  const rules = await parseThrottleRules([{ name: 'a', when, result: 'accept' }], 'test');
  return decide(rules, of(crash), () => 0).rule === 'a';
}

describe('conditions', () => {
  const firefox = {
    ProductName: 'Firefox',
    Version: '52.0esr',
    ReleaseChannel: 'release',
    Comments: '',
    n: '9600',
  };
  it.each([
    [{ always: true }, true],
    [{ field: 'Comments', exists: true }, true],
    [{ field: 'Email', exists: true }, false],
    [{ field: 'Email', exists: false }, true],
    [{ field: 'Comments', exists: false }, false],
    [{ field: 'product', is: 'Firefox' }, true],
    [{ field: 'product', is: ['Fenix', 'Firefox'] }, true],
    [{ field: 'product', is: 'firefox' }, false],
    [{ field: 'Email', is: '' }, false],
    [{ field: 'ReleaseChannel', starts_with: ['nightly', 'rel'] }, true],
    [{ field: 'channel', starts_with: 'elease' }, false],
    [{ field: 'ProductName', matches: '^fire|fox$' }, true],
    [{ field: 'ProductName', matches: '^fox$' }, false],
    [{ field: 'version', version: { '>=': '52', '<': '52.1' } }, true],
    [{ field: 'version', version: { '<': '9' } }, false],
    [{ field: 'ProductName', version: { '<': '9' } }, false],
    [{ field: 'n', number: { '<=': 9600 } }, true],
    [{ field: 'n', number: { '>': 9600 } }, false],
    [{ field: 'Comments', number: { '<=': 0 } }, false],
    [{ not: { field: 'Email', exists: true } }, true],
    [{ all: [{ always: true }, { field: 'Email', exists: true }] }, false],
    [{ any: [{ field: 'Email', exists: true }, { always: true }] }, true],
    [{ field: '__proto__', exists: true }, false],
    [{ field: 'constructor', exists: true }, false],
  ])('%j is %s', async (when, expected) => {
    expect(await holds(when, firefox)).toBe(expected);
  });

  it.each([
    ['Socorro', { ProductName: 'A', Version: '1', prod: 'B', ver: '2' }],
    ['Breakpad', { prod: 'A', ver: '1' }],
    ['Electron', { prod: 'Electron', _productName: 'A', ver: '41.0', _version: '1' }],
    ['Crashpad', { product: 'A', version: '1' }],
  ])('product and version have the names that %s clients use', async (_client, crash) => {
    const both = {
      all: [
        { field: 'product', is: 'A' },
        { field: 'version', is: '1' },
      ],
    };
    expect(await holds(both, crash as Crash)).toBe(true);
  });
});

describe('versions', () => {
  it('are in the order in which they are released', () => {
    const order = ['9', '52.0a1', '52.0a2', '52.0b1', '52.0b10', '52.0-rc.1', '52', '52.0.1', '52.1', '100'];
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries())
        expect(Math.sign(compareVersions(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
    }
  });

  it('are equal when they mean the same', () => {
    for (const same of ['1.0', '1.0.0', '1.0+build.7', '1.0esr', '01']) {
      expect(compareVersions('1', same)).toBe(0);
    }
  });

  it('are ordered whatever clients send', () => {
    const text = fc.string({ unit: fc.constantFrom('1', '0', '9', '.', '-', '+', 'a', 'b', 'esr', 'ü') });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('results', () => {
  const sample = [
    { name: 's', when: { always: true }, result: { percent: 25, in: 'continue', out: 'reject' } },
    { name: 'rest', when: { always: true }, result: 'defer' },
  ];

  it('of a sample depend on chance alone, and may go on to the next rule', async () => {
    const rules = await parseThrottleRules({ rules: sample }, 'test');
    expect(decide(rules, new Map(), () => 0.25)).toEqual({ result: 'defer', rule: 'rest', percent: 100 });
    expect(decide(rules, new Map(), () => 0.2501)).toEqual({ result: 'reject', rule: 's', percent: 25 });
  });

  it('of no rule is a rejection', () => {
    expect(decide([], new Map(), () => 0)).toEqual({ result: 'reject', rule: 'NO_MATCH', percent: 0 });
  });
});

describe('the built-in rules', () => {
  const ruleFor = async (crash: Crash, products: string[] = []): Promise<string> =>
    decide(await parseThrottleRules(builtInRules(products), 'test'), of(crash), () => 0).rule;

  it('accept everything and say why', async () => {
    expect(await ruleFor({})).toBe('accept_everything');
    expect(await ruleFor({ Throttleable: '0' })).toBe('throttleable_0');
    expect(await ruleFor({ Throttleable: '1', Comments: '' })).toBe('has_comments');
  });

  it('reject products that are not in the list', async () => {
    expect(await ruleFor({ ProductName: 'A' }, ['A', 'B'])).toBe('accept_everything');
    expect(await ruleFor({ ProductName: 'C', Throttleable: '0' }, ['A'])).toBe('unsupported_product');
    expect(await ruleFor({}, ['A'])).toBe('unsupported_product');
  });
});

describe('a rules file', () => {
  const ok = { name: 'fine', when: { always: true }, result: 'accept' };
  it.each([
    ['no list', {}, 'must be a list of rules'],
    ['no object', ['x'], 'rule 0: a rule must be an object'],
    ['a bad name', [{ ...ok, name: 'A b' }], 'rule 0 (A b): name must be'],
    ['a name twice', [ok, ok], 'rule 1 (fine): its name is taken'],
    ['an unknown key', [{ ...ok, wen: 1 }], 'rule 0 (fine): wen is not known here'],
    ['no condition', [{ name: 'x', result: 'accept' }], 'a condition must be an object'],
    ['an empty condition', [{ ...ok, when: {} }], 'a condition has field, always'],
    ['two conditions in one', [{ ...ok, when: { always: true, not: {} } }], 'a condition is one thing'],
    ['two tests in one', [{ ...ok, when: { field: 'a', is: 'b', exists: true } }], 'exactly one of'],
    ['an unknown test', [{ ...ok, when: { field: 'a', equals: 'b' } }], 'exactly one of'],
    ['an empty list', [{ ...ok, when: { any: [] } }], 'any must be a list'],
    ['a bad value', [{ ...ok, when: { field: 'a', is: 5 } }], 'is must be text'],
    ['a bad operator', [{ ...ok, when: { field: 'a', number: { '!=': 5 } } }], '!= is none of'],
    ['no comparison', [{ ...ok, when: { field: 'a', version: {} } }], 'compares with nothing'],
    ['a bad regex', [{ ...ok, when: { field: 'a', matches: '(' } }], 'rule 0 (fine): matches:'],
    ['a catastrophic regex', [{ ...ok, when: { field: 'a', matches: '^(a+)+$' } }], 'can take for ever'],
    ['no result', [{ name: 'x', when: { always: true } }], 'result must be an object'],
    ['an unknown result', [{ ...ok, result: 'drop' }], '"drop" is no result; there are accept, defer'],
    ['a bare continue', [{ ...ok, result: 'continue' }], '"continue" is no result'],
    [
      'a bad percentage',
      [{ ...ok, result: { percent: 101, in: 'accept', out: 'reject' } }],
      'percent must be from 0',
    ],
  ])('with %s is refused with its place', async (_title, value, message) => {
    await expect(parseThrottleRules(value, 'rules.json')).rejects.toThrow(message);
    await expect(parseThrottleRules(value, 'rules.json')).rejects.toThrow(/^rules\.json: /);
  });

  it('is read from disk, and what is wrong with it names it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'auxilio-throttle-'));
    try {
      const file = join(folder, 'rules.json');
      const settings = { throttle_rules: file, products: [] };
      await expect(loadThrottleRules(settings)).rejects.toThrow(/COLLECTOR_THROTTLE_RULES: .*ENOENT/);
      await writeFile(file, '{');
      await expect(loadThrottleRules(settings)).rejects.toThrow(`COLLECTOR_THROTTLE_RULES: ${file}: `);
      await writeFile(file, JSON.stringify([{ ...ok, comment: 'why' }]));
      expect((await loadThrottleRules(settings)).map((rule) => rule.name)).toEqual(['fine']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
