import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../src/lib/settings.ts';
import { rawCrash } from '../../src/storage/conformance/inputs.ts';
import { compilePredicate } from '../../src/storage/predicate.ts';

const crash = rawCrash({ Product: 'Fennec', Version: '12.0b3', Empty: '' });
const holds = async (predicate: unknown): Promise<boolean> =>
  (await compilePredicate(predicate, 'WHEN'))(crash);

describe('predicates', () => {
  it.each([
    [{ field: 'Product', is: ['Firefox', 'Fennec'] }, true],
    [{ field: 'Product', is: 'fennec' }, false],
    [{ field: 'Missing', is: [''] }, false],
    [{ field: 'constructor', exists: true }, false],
    [{ field: 'Empty', exists: true }, true],
    [{ field: 'Missing', exists: false }, true],
    [{ field: 'Version', matches: '^\\d+\\.\\d+b' }, true],
    [{ field: 'Version', matches: '^3' }, false],
    [{ field: 'Missing', matches: '.*' }, false],
    [{ all: [{ field: 'Product', exists: true }, { not: { field: 'Version', is: '1' } }] }, true],
    [
      {
        any: [
          { field: 'Product', is: 'x' },
          { field: 'Version', matches: 'b\\d' },
        ],
      },
      true,
    ],
    [{ sample: 0 }, false],
    [{ sample: 100 }, true],
  ])('%j: %s', async (predicate, expected) => {
    expect(await holds(predicate)).toBe(expected);
  });

  it('sample is by the crash id: about so many, and always the same ones', async () => {
    const test = await compilePredicate({ sample: 25 }, 'WHEN');
    const crashes = Array.from({ length: 4000 }, () => rawCrash({}));
    const chosen = crashes.filter(test);
    expect(chosen.length).toBeGreaterThan(800);
    expect(chosen.length).toBeLessThan(1200);
    expect(crashes.filter(test)).toEqual(chosen);
  });

  it.each([
    [null, 'WHEN: must be an object'],
    [[], 'WHEN: must be an object'],
    [{}, 'WHEN: has the keys ""'],
    [{ field: 'a' }, 'has the keys "field"'],
    [{ field: 'a', is: 'b', exists: true }, 'has the keys "exists field is"'],
    [{ field: 1, is: 'b' }, 'write field with'],
    [{ field: 'a', is: [] }, 'WHEN.is: must be a text'],
    [{ field: 'a', is: [1] }, 'WHEN.is: must be a text'],
    [{ field: 'a', exists: 'yes' }, 'WHEN.exists: must be true or false'],
    [{ field: 'a', matches: '(' }, 'WHEN.matches: Invalid regular expression'],
    [{ field: 'a', matches: 'x'.repeat(501) }, 'at most 500 characters'],
    [{ field: 'a', matches: '(a+)+$' }, 'can take very long'],
    [{ field: 'a', matches: '.*a.*b.*c' }, 'can take very long'],
    [{ sample: 101 }, 'WHEN.sample: must be a percentage'],
    [{ sample: '5' }, 'WHEN.sample: must be a percentage'],
    [{ all: [] }, 'WHEN.all: must be a list'],
    [{ any: [{ sample: 1 }, { not: { sample: -1 } }] }, 'WHEN.any[1].not.sample'],
    [Array.from({ length: 30 }).reduce((p) => ({ not: p }), { sample: 1 }), 'nested more than 20 deep'],
  ])('refuses %j', async (predicate, message) => {
    await expect(compilePredicate(predicate, 'WHEN')).rejects.toThrow(SettingsError);
    await expect(compilePredicate(predicate, 'WHEN')).rejects.toThrow(message);
  });

  it('looks at the start of a long value only', async () => {
    const long = rawCrash({ Url: `${'a'.repeat(5000)}nightly` });
    expect((await compilePredicate({ field: 'Url', matches: 'nightly' }, 'W'))(long)).toBe(false);
  });
});
