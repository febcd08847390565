/** No crash of 100 kB holds the processor up: made signatures, stored inputs and comparisons of all kinds stay short. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE, slowestMs } from '../../bench/lib/hostile.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { loadLists } from '../../src/signature/list-folder.ts';
import { trimSignatureInput } from '../../src/signature/trim-input.ts';

const LIMIT_MS = 50;

let generator: SignatureGenerator;
beforeAll(async () => {
  generator = new SignatureGenerator({ lists: await loadLists(join(import.meta.dirname, '../../siglists')) });
});

describe('100 kB made to be slow', () => {
  it.each([...HOSTILE.keys()])('%s', (kind) => {
    const makes = HOSTILE.get(kind) ?? [];
    expect(makes.length).toBeGreaterThan(0);
    expect(slowestMs(makes, (data) => generator.generate(data))).toBeLessThan(LIMIT_MS);
    expect(slowestMs(makes, trimSignatureInput)).toBeLessThan(LIMIT_MS);
  });
});
