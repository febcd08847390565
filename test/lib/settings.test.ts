import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nearest,
  parseSettings,
  SettingsError,
  type SettingsSchema,
  schemaKeys,
} from '../../src/lib/settings.ts';

interface Sample {
  readonly size: number;
  readonly wait: number;
  readonly names: readonly string[];
  readonly rule: unknown;
  readonly port: number;
  readonly mode: string;
  readonly strict: boolean;
  readonly ratio: number;
  readonly password: string;
  readonly token: unknown;
}

const schema: SettingsSchema<Sample> = {
  size: { doc: '', format: 'bytes', default: 10 },
  wait: { doc: '', format: 'duration', default: 5_000 },
  names: { doc: '', format: 'list', default: [] },
  rule: { doc: '', format: 'json', default: null },
  port: { doc: '', format: 'port', default: 80 },
  mode: { doc: '', format: ['fast', 'safe'], default: 'fast' },
  strict: { doc: '', format: Boolean, default: false },
  ratio: { doc: '', format: Number, default: 1 },
  password: { doc: '', format: ['a', 'b'], default: 'a', sensitive: true },
  token: { doc: '', format: 'json', default: null, sensitive: true },
};

const parse = (values: Readonly<Record<string, unknown>>): Sample =>
  parseSettings(schema, values, (key) => `SAMPLE_${key.toUpperCase()}`);

describe('parseSettings', () => {
  it('gives the defaults', () => {
    expect(parse({})).toMatchObject({ size: 10, wait: 5_000, names: [], rule: null, strict: false });
  });

  it.each([
    ['size', '64MB', 64 * 1024 ** 2],
    ['size', '1.5 KiB', 1536],
    ['size', '1048576', 1_048_576],
    ['size', '2gb', 2 * 1024 ** 3],
    ['size', '0', 0],
    ['wait', '250ms', 250],
    ['wait', '30s', 30_000],
    ['wait', '30', 30_000],
    ['wait', '5m', 300_000],
    ['wait', '1.5h', 5_400_000],
    ['wait', '1d', 86_400_000],
    ['wait', '2w', 1_209_600_000],
    ['names', 'a, b,,c ', ['a', 'b', 'c']],
    ['names', '', []],
    ['rule', '{"a":[1]}', { a: [1] }],
    ['rule', ' ', null],
    ['port', '8000', 8_000],
    ['strict', 'true', true],
    ['strict', 'No', false],
    ['strict', '0', false],
    ['strict', 'on', true],
    ['ratio', '0.25', 0.25],
  ] as const)('%s=%s', (key, text, value) => {
    expect(parse({ [key]: text })[key]).toEqual(value);
  });

  it.each([
    ['size', 'much', 'SAMPLE_SIZE: must be like 64MB'],
    ['size', '-1', 'SAMPLE_SIZE: must be like 64MB'],
    ['size', '999999999999GB', 'SAMPLE_SIZE: is too large'],
    ['size', '', 'SAMPLE_SIZE: must be like 64MB'],
    ['wait', 'soon', 'SAMPLE_WAIT: must be like 30s'],
    ['wait', '5 parsecs', 'SAMPLE_WAIT: must be like 30s'],
    ['rule', '{oops', 'SAMPLE_RULE: '],
    ['port', '99999', 'SAMPLE_PORT: ports must be within range'],
    ['port', '8000x', 'SAMPLE_PORT: must be a whole number'],
    ['mode', 'wild', 'SAMPLE_MODE: must be one of'],
    ['strict', 'maybe', 'SAMPLE_STRICT: must be true or false'],
    ['strict', '', 'SAMPLE_STRICT: must be true or false'],
    ['ratio', '1x', 'SAMPLE_RATIO: must be a number'],
  ])('%s=%s is refused by the name people gave it', (key, text, message) => {
    expect(() => parse({ [key]: text })).toThrow(SettingsError);
    expect(() => parse({ [key]: text })).toThrow(message);
  });

  it('suggests the nearest key for one that does not exist', () => {
    expect(() => parse({ sise: '1' })).toThrow('SAMPLE_SISE is not a setting; did you mean SAMPLE_SIZE?');
    expect(() => parse({ zzzzzzzzz: '1' })).toThrow(/is not a setting$/);
  });

  it('never shows a secret', () => {
    for (const key of ['password', 'token']) {
      let caught: unknown;
      try {
        parse({ [key]: '{hunter2' });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(SettingsError);
      expect((caught as Error).message).toContain(`SAMPLE_${key.toUpperCase()}: is malformed`);
      const { message, stack, cause } = caught as Error;
      expect(`${message} ${stack} ${String(cause)}`).not.toContain('hunter2');
    }
  });

  it('lists its keys', () => {
    expect(schemaKeys(schema).slice(0, 2)).toEqual(['size', 'wait']);
  });
});

describe('nearest', () => {
  it('finds a word that was typed with one mistake', () => {
    const word = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('drop', 'double', 'change'), (known, at, how) => {
        const place = at % known.length;
        const letter = how === 'drop' ? '' : how === 'double' ? (known[place] ?? '').repeat(2) : '_';
        expect(nearest(known.slice(0, place) + letter + known.slice(place + 1), [known])).toBe(known);
      }),
    );
  });

  it('finds nothing when nothing is near, and the nearest of several', () => {
    expect(nearest('elephant', ['ant'])).toBeUndefined();
    expect(nearest('rooot', ['boot', 'root'])).toBe('root');
    expect(nearest('x', [])).toBeUndefined();
  });
});
