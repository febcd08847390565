/**
 * `npm run vectors -- FILE…`: runs files of signature vectors and prints what differs. Whole crashes
 * (`*.end_to_end`) are run with the lists in the `siglists` folder beside the file, single functions and rules
 * with those of the package, as the original's tests do. Exit code 1 when a vector failed.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PythonFloat } from '../src/signature/python-values.ts';
import { readVectors } from './vector-file.ts';
import { openBenches, runVector, type Vector } from './vector-groups.ts';

/** Differences are for reading; the rest is in the file. */
const LONGEST = 2000;

const shorten = (value: unknown): string => {
  const json =
    JSON.stringify(value, (_key, item) =>
      typeof item === 'bigint' ? String(item) : item instanceof PythonFloat ? item.value : item,
    ) ?? 'undefined';
  return json.length > LONGEST ? `${json.slice(0, LONGEST)}… (${json.length} characters)` : json;
};

async function runFile(file: string): Promise<{ passed: number; failed: number }> {
  const vectors = readVectors(await readFile(file, 'utf8'));
  if (!Array.isArray(vectors)) throw new Error(`${file}: not an array of vectors`);
  const benches = await openBenches(join(dirname(file), 'siglists'));
  let passed = 0;
  for (const [i, vector] of (vectors as readonly Vector[]).entries()) {
    const outcome = await runVector(vector, benches);
    if (outcome.passed) {
      passed++;
      continue;
    }
    // Files come from anywhere: a vector may be no object at all.
    const { group, era, input, expected } = (vector ?? {}) as Partial<Vector>;
    console.log(`\n${file} [${i}] ${group} (${era}): ${outcome.reason}`);
    console.log(`  input    ${shorten(input)}`);
    console.log(`  expected ${shorten(expected)}`);
    if ('actual' in outcome) console.log(`  actual   ${shorten(outcome.actual)}`);
  }
  return { passed, failed: vectors.length - passed };
}

async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error('usage: npm run vectors -- FILE…   (try test/golden/signature.json)');
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const counts = await runFile(file);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
