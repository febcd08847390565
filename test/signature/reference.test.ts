/** Odd inputs for which our answer once differed from the original's, found by random comparison. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readVectors } from '../../scripts/vector-file.ts';
import { type Benches, openBenches, runVector, type Vector } from '../../scripts/vector-groups.ts';
import type { CrashData } from '../../src/signature/crash-data.ts';
import { trimSignatureInput } from '../../src/signature/trim-input.ts';

const file = join(import.meta.dirname, 'reference-vectors.json');
const vectors = readVectors(readFileSync(file, 'utf8')) as readonly Vector[];

let benches: Benches;
beforeAll(async () => {
  benches = await openBenches(join(import.meta.dirname, '../golden/siglists'));
});

it.each(vectors.map((vector, index) => [vector.group, index] as const))('%s [%d]', async (_group, index) => {
  const vector = vectors[index] as Vector;
  expect(await runVector(vector, benches)).toEqual({ passed: true });
});

describe('the stored part of a Java exception', () => {
  const exception = (frames: unknown): CrashData => ({
    java_exception: { exception: { values: [{ stacktrace: { module: 'a', type: 'E', frames } }] } },
  });

  it.each([
    ['a frame below that is none', [{ function: 'f' }, { function: 'g' }, 'text']],
    ['a frame below that has no name', [{ function: 'f' }, { module: 'm', function: 7 }]],
    ['a first frame that is none', [null, { function: 'g' }]],
    ['frames that are text', 'text'],
    ['frames that are a number', 7],
  ])('gives the same notes with %s', (_what, frames) => {
    const data = exception(frames);
    const { signature, notes } = benches.file.generator.generate(data);
    expect(notes).toHaveLength(1);
    expect(benches.file.generator.generate(trimSignatureInput(data))).toMatchObject({ signature, notes });
  });
});

describe('numbers in a file of vectors', () => {
  it('keep what tells 1.0 from 1, and all their digits', async () => {
    const hang = async (json: string): Promise<unknown> => {
      const [vector] = readVectors(
        `[{"group":"rule.HungProcess.action","era":"2026","input":{"crash_data":{"hang":${json}}}}]`,
      ) as readonly Vector[];
      const outcome = await runVector(vector as Vector, benches);
      return outcome.passed ? undefined : outcome.actual;
    };
    expect(await hang('1.0')).toMatchObject({ signature: 'hang: 1.0 | ' });
    expect(await hang('1')).toMatchObject({ signature: 'hang: 1 | ' });
    expect(await hang('12345678901234567890')).toMatchObject({ signature: 'hang: 12345678901234567890 | ' });
  });
});
