/**
 * The conformance suite: what every queue promises, tried on a real one. It ships with the package, so that a queue
 * from outside can be held to it:
 *
 *     import { describe, it } from 'vitest';
 *     queueSuite({ describe, it }, { use: 'mine', lacks: [], open });
 */
import { type Runner, unlessMissing } from '../../lib/conformance-runner.ts';
import { closingCases } from './closing-cases.ts';
import { deadCases } from './dead-cases.ts';
import { deliveryCases } from './delivery-cases.ts';
import { type Case, declare, type QueueHarness } from './harness.ts';
import { outcomeCases } from './outcome-cases.ts';
import { poisonCases } from './poison-cases.ts';

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ['delivery and lanes', deliveryCases],
  ['outcomes', outcomeCases],
  ['dead letters and forgetting', deadCases],
  ['closing and sharing', closingCases],
  ['poison', poisonCases],
];

export function queueSuite(given: Runner, harness: QueueHarness): void {
  const runner = unlessMissing(given, harness.missing);
  runner.describe(`queue ${harness.use}`, () => {
    for (const [title, cases] of GROUPS) {
      runner.describe(title, () => {
        for (const one of cases) declare(runner, harness, one);
      });
    }
  });
}
