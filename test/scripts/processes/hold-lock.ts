/** Takes a lock and keeps it until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../../scripts/engines/lock.ts';

const [file = ''] = process.argv.slice(2);
await withLock(file, 5_000, async () => {
  process.stdout.write('held\n');
  await sleep(60_000);
});
