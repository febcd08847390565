/**
 * The conformance suite: what every store promises, tried on a real one. Leaf stores, containers over memory
 * children and layers pass the same cases; a case whose capability a store lacks is skipped and says so.
 * It ships with the package, so that a store from outside can be held to it:
 *
 *     import { describe, it } from 'vitest';
 *     storageSuite({ describe, it }, { use: 'mine', lacks: ['search', 'scan'], open });
 */
import { type Runner, unlessMissing } from '../../lib/conformance-runner.ts';
import { blobCases } from './blob-cases.ts';
import { closingCases } from './closing-cases.ts';
import { declarationCases } from './declaration-cases.ts';
import { failureCases } from './failure-cases.ts';
import { caseFor, type StorageHarness } from './harness.ts';
import { listingCases } from './listing-cases.ts';
import { namingCases } from './naming-cases.ts';
import { roundTripCases } from './round-trip-cases.ts';
import { streamCases } from './stream-cases.ts';

export const titleOf = (harness: StorageHarness): string =>
  harness.variant ? `${harness.use} (${harness.variant})` : harness.use;

export function storageSuite(given: Runner, harness: StorageHarness): void {
  const runner = unlessMissing(given, harness.missing);
  const test = caseFor(runner, harness);
  const title = titleOf(harness);
  runner.describe(`store ${title}`, () => {
    runner.describe('declares', () => declarationCases(runner, harness));
    runner.describe('round trip', () => roundTripCases(test));
    runner.describe('odd names', () => namingCases(test));
    runner.describe('failure and abort', () => failureCases(test, harness));
    runner.describe('list and remove', () => listingCases(test, harness));
    runner.describe('blobs', () => blobCases(test, harness));
    runner.describe('stream', () => streamCases(test, harness));
    runner.describe('close and concurrency', () => closingCases(test));
  });
  harness.search?.(runner, title, harness);
}
