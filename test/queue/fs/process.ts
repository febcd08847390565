/**
 * A process of its own that works on a queue until it is told to stop or killed:
 * `process.ts LOG publish|consume FOLDER SETTINGS`. What it did, it writes to LOG, a line at a time.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../../src/lib/log.ts';
import { createCrashId } from '../../../src/model/crash-id.ts';
import { LANES } from '../../../src/queue/contract.ts';
import { FsQueue } from '../../../src/queue/fs/fs-queue.ts';
import type { FsQueueSettings } from '../../../src/queue/fs/settings.ts';

const [log, role, root, settings] = process.argv.slice(2) as [string, string, string, string];
const file = openSync(log, 'a');
const say = (line: string): number => writeSync(file, `${line}\n`);

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const queue = await FsQueue.open({ root, settings: JSON.parse(settings) as FsQueueSettings, log: silentLog });

async function publish(): Promise<void> {
  const publisher = async (): Promise<void> => {
    for (let i = 0; !stop.signal.aborted; i += 1) {
      const crashId = createCrashId(new Date());
      await queue.publish({ crashId }, LANES[i % LANES.length] ?? 'standard');
      say(`published ${crashId}`);
      await delay(3);
    }
  };
  await Promise.all(Array.from({ length: 8 }, publisher));
}

async function consume(): Promise<void> {
  await queue.consume(
    async ({ task }) => {
      say(`begun ${task.crashId} ${process.pid}`);
      await delay(Math.random() * 10);
      if (Math.random() < 0.1) return { kind: 'retry', reason: 'chance', delayMs: 5 };
      say(`done ${task.crashId} ${process.pid}`);
      return { kind: 'done' };
    },
    { concurrency: 4, signal: stop.signal },
  );
}

say(`ready ${process.pid}`);
await (role === 'publish' ? publish() : consume());
await queue.close();
