/**
 * A consumer in a process of its own, for the suite to lose: `doomed-worker.js MODULE OPTIONS DATA_DIR`. It says `done
 * ID` for each task it has done; one of the rule set `poison` kills it with SIGKILL, once three others are in hand too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../lib/log.ts';
import type { QueueBackend } from '../definition.ts';

/** Longer than it takes to hand out four tasks. */
const WORK_MS = 500;

const [module = '', options = '{}', dataDir = ''] = process.argv.slice(2);
const { default: backend } = (await import(module)) as { readonly default: QueueBackend };
const queue = await backend.open(JSON.parse(options) as Record<string, unknown>, { dataDir, log: silentLog });

let atWork = 0;
await queue.consume(
  async ({ task }) => {
    atWork += 1;
    const end = performance.now() + WORK_MS / 2;
    if (task.ruleset === 'poison') {
      while (atWork < 4 && performance.now() < end) await delay(5);
      process.kill(process.pid, 'SIGKILL');
    }
    await delay(WORK_MS);
    atWork -= 1;
    process.stdout.write(`done ${task.crashId}\n`);
    return { kind: 'done' };
  },
  { concurrency: 4, signal: new AbortController().signal },
);
