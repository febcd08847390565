/**
 * A consumer in a process of its own: `process.ts LOG SETTINGS`. What it did, it writes to LOG, a line at a time. A task
 * of the rule set `poison` ends it.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../../src/lib/log.ts';
import { RabbitQueue } from '../../../src/queue/rabbitmq/rabbit-queue.ts';
import type { RabbitSettings } from '../../../src/queue/rabbitmq/settings.ts';

const [log, settings] = process.argv.slice(2) as [string, string];
const file = openSync(log, 'a');
const say = (line: string): number => writeSync(file, `${line}\n`);

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const queue = await RabbitQueue.open({ settings: JSON.parse(settings) as RabbitSettings, log: silentLog });
say(`ready ${process.pid}`);
await queue.consume(
  async ({ task, attempt }) => {
    say(`begun ${task.crashId} ${attempt}`);
    if (task.ruleset === 'poison') process.kill(process.pid, 'SIGKILL');
    await delay(Math.random() * 20);
    say(`done ${task.crashId} ${attempt}`);
    return { kind: 'done' };
  },
  { concurrency: 4, signal: stop.signal },
);
await queue.close();
