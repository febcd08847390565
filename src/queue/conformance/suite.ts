/**
 * The conformance suite: what every queue promises, tried on a real one. It ships with the package, so that a queue
 * from outside can be held to it:
 *
 *     import { describe, it } from 'vitest';
 *     queueSuite({ describe, it }, { use: 'mine', lacks: [], open });
 */
import { closingCases } from './closing-cases.ts';
import { deadCases } from './dead-cases.ts';
import { deliveryCases } from './delivery-cases.ts';
import { type Case, declare, type QueueHarness, type Runner } from './harness.ts';
import { outcomeCases } from './outcome-cases.ts';

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ['delivery and lanes', deliveryCases],
  ['outcomes', outcomeCases],
  ['dead letters and forgetting', deadCases],
  ['closing and sharing', closingCases],
];

export function queueSuite(runner: Runner, harness: QueueHarness): void {
  runner.describe(`queue ${harness.use}`, () => {
    for (const [title, cases] of GROUPS) {
      runner.describe(title, () => {
        for (const one of cases) declare(runner, harness, one);
      });
    }
  });
}
