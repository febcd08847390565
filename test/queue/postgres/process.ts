/** Says `ready`, then consumes and says `take ID N` and `done ID`; `hang` keeps the first task for ever. `process URL SCHEMA (hang|work)` */
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../../src/lib/log.ts';
import backend from '../../../src/queue/postgres/index.ts';

const [url = '', schema = '', how = 'work'] = process.argv.slice(2);
const queue = await backend.open(
  { url, schema, lease: '800ms', retry_base: '20ms', retry_cap: '60ms', poll_interval: '600s' },
  { dataDir: '/nowhere', log: silentLog },
);
process.stdout.write('ready\n');
await queue.consume(
  async ({ task, attempt }) => {
    process.stdout.write(`take ${task.crashId} ${attempt}\n`);
    if (how === 'hang') await new Promise(() => undefined);
    await delay(5);
    process.stdout.write(`done ${task.crashId}\n`);
    return { kind: 'done' };
  },
  { concurrency: 4, signal: new AbortController().signal },
);
