import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Benches, openBenches, runVector, type Vector } from '../../scripts/vector-groups.ts';

const folder = join(import.meta.dirname, '../golden');
const read = (file: string): readonly Vector[] => JSON.parse(readFileSync(join(folder, file), 'utf8'));

let benches: Benches;
beforeAll(async () => {
  benches = await openBenches(join(folder, 'siglists'));
});

describe.each(['signature.json', 'signature-random.json'])('%s', (file) => {
  const groups = Map.groupBy(read(file).entries(), ([, vector]) => vector.group);

  describe.each([...groups.keys()])('%s', (group) => {
    const vectors = groups.get(group) ?? [];

    it.each(vectors.map(([index]) => index))('[%d]', async (index) => {
      const vector = vectors.find(([i]) => i === index)?.[1] as Vector;
      const outcome = await runVector(vector, benches);
      if (!outcome.passed)
        expect({ reason: outcome.reason, value: outcome.actual }).toEqual({ value: vector.expected });
      expect(outcome.passed).toBe(true);
    });
  });
});

describe('a vector that is not understood', () => {
  it('has failed when its group is unknown', async () => {
    const vector = { group: 'utils.nothing', era: '2026', input: {}, expected: {} };
    expect(await runVector(vector, benches)).toMatchObject({ passed: false, reason: /not known/ });
  });

  it.each([null, 'text', 7, []])('has failed when it is %j', async (vector) => {
    expect((await runVector(vector as unknown as Vector, benches)).passed).toBe(false);
  });

  it('has failed when its era is another', async () => {
    const vector = { group: 'cpp.normalize_function', era: '2018', input: { function: 'f' }, expected: 'f' };
    expect((await runVector(vector, benches)).passed).toBe(false);
  });

  it('has failed when only one of result and expectation throws', async () => {
    const vector = { group: 'cpp.normalize_function', era: '2026', input: { function: 'const', line: 1 } };
    expect((await runVector({ ...vector, expected: { raises: 'IndexError' } }, benches)).passed).toBe(true);
    expect((await runVector({ ...vector, expected: '' }, benches)).passed).toBe(false);
  });
});
