/** Commits reports to the spool in the folder of its argument, eight at once, and prints each id once it is durable. */
import { appendFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../src/lib/log.ts';
import type { CrashTask } from '../../src/queue/contract.ts';
import { openSpool } from '../../src/spool/open.ts';
import { FakeStore, makeRaw, send, settingsOf } from './harness.ts';

const folder = process.argv[2] as string;
const spool = await openSpool({
  settings: settingsOf({ segment_size: '64kb', inline_dump: '16kb', move_concurrency: 2 }),
  dataDir: folder,
  store: new FakeStore(),
  queue: {
    publish: async ({ crashId }: CrashTask) => appendFileSync(join(folder, 'moved'), `${crashId}\n`),
    health: async () => undefined,
  },
  log: silentLog,
});

async function commitForever(): Promise<void> {
  for (;;) {
    const sizes = {
      big: 20_000 + Math.floor(Math.random() * 400_000),
      small: Math.floor(Math.random() * 10_000),
    };
    const raw = makeRaw({ big: String(sizes.big), small: String(sizes.small) });
    const byte = raw.id.charCodeAt(0);
    await send(spool, raw, { big: Buffer.alloc(sizes.big, byte), small: Buffer.alloc(sizes.small, byte) });
    writeSync(1, `${raw.id}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, commitForever));
