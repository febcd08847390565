/**
 * Runs recheck in a thread of its own: it takes some 80 MB and up to seconds a pattern, and the thread gives both
 * back.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type PatternQuestion, verdictOf } from './pattern-verdict.ts';

const { checkSync } = createRequire(import.meta.url)('recheck/lib/browser.js') as typeof import('recheck');

for (const question of workerData as readonly PatternQuestion[]) {
  parentPort?.postMessage(verdictOf(checkSync, question));
}
