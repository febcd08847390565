/**
 * Runs recheck (pure JavaScript, so that it works wherever Node does) in a thread of its own: it takes some
 * 80 MB and up to seconds a pattern, and the thread gives both back.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { PatternQuestion, PatternVerdict } from './pattern-safety.ts';

const { checkSync } = createRequire(import.meta.url)('recheck/lib/browser.js') as typeof import('recheck');

function judge({ source, flags, timeoutMs }: PatternQuestion): PatternVerdict {
  const found = checkSync(source, flags, { timeout: timeoutMs });
  if (found.status === 'safe') return { safe: true };
  if (found.status === 'unknown') {
    return { safe: false, reason: `cannot be shown to match in linear time (${found.error.kind})` };
  }
  const attack = found.attack.pattern.slice(0, 120);
  return { safe: false, reason: `catastrophic backtracking (${found.complexity.summary}), as on ${attack}` };
}

for (const question of workerData as readonly PatternQuestion[]) parentPort?.postMessage(judge(question));
