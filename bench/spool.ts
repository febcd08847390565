/**
 * The spool: reports made durable a second (the store held back), and counted until each is in the `fs` store and the `fs`
 * queue; in turn with the bare disk, so that its moods hit all of them alike. 400 kB dumps, 40 annotations, 16 at once.
 *
 *     node bench/spool.ts [--rounds 5] [--count 600] [--size 400000] [--inline 64KB] [--moves 8] [--folder DIR]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '../src/lib/log.ts';
import { parseSettings } from '../src/lib/settings.ts';
import { createCrashId } from '../src/model/crash-id.ts';
import type { RawCrash } from '../src/model/report.ts';
import fsQueue from '../src/queue/fs/index.ts';
import { openSpool } from '../src/spool/open.ts';
import { spoolSchema } from '../src/spool/settings.ts';
import { need } from '../src/storage/contract.ts';
import fsStore from '../src/storage/fs/index.ts';
import { bareDisk, cpuSince, type Measured, measure, summary } from './bare-disk.ts';
import { median, printTable, type Row, writeJson } from './lib/report.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '600' },
    size: { type: 'string', default: '400000' },
    inline: { type: 'string', default: '64KB' },
    moves: { type: 'string', default: '8' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const count = Number(values.count);
const size = Number(values.size);
const load = { count, atOnce: 16 };
const CHUNK = 65_536;
const body = Buffer.alloc(size, 7);
const annotations = Object.fromEntries(
  Array.from({ length: 40 }, (_, i) => [`Annotation${i}`, 'v'.repeat(50)]),
);

const rawCrash = (): RawCrash => ({
  id: createCrashId(new Date()),
  annotations,
  receivedAt: new Date().toISOString(),
  metadata: {
    payload: 'multipart',
    compressed: false,
    size,
    notes: [],
    userAgent: 'bench',
    throttleRule: 'accept',
    outcome: 'accepted',
  },
});

/** `held`: the store takes nothing while it is measured. */
async function spoolRound(held: boolean): Promise<Measured> {
  const dataDir = await mkdtemp(join(values.folder, 'bench-spool-'));
  const context = {
    name: 'crashes',
    dataDir,
    log: silentLog,
    store: () => Promise.reject(new Error('none')),
  };
  const store = need(await fsStore.open({}, context), 'bench', 'report.write');
  const queue = await fsQueue.open({}, context);
  const gate = Promise.withResolvers<void>();
  if (!held) gate.resolve();
  const gated = new Proxy(store, {
    get: (target, key) =>
      key === 'saveReport'
        ? (...args: Parameters<typeof store.saveReport>) => gate.promise.then(() => store.saveReport(...args))
        : Reflect.get(target, key, target),
  });
  const settings = parseSettings(spoolSchema, {
    inline_dump: values.inline,
    move_concurrency: Number(values.moves),
  });
  const spool = await openSpool({ settings, dataDir, store: gated, queue, log: silentLog });
  const from = performance.now();
  const cpuBefore = process.cpuUsage();
  const measured = await measure(load, async () => {
    const draft = spool.begin();
    const sink = draft.addDump('upload_file_minidump');
    for (let at = 0; at < size; at += CHUNK) await sink.write(body.subarray(at, at + CHUNK));
    await sink.finish();
    await draft.commit(rawCrash());
  });
  if (held) gate.resolve();
  await spool.drain();
  const cpu = held ? measured.cpu : cpuSince(cpuBefore, count);
  const perSecond = held ? measured.perSecond : (count / (performance.now() - from)) * 1000;
  await spool.close();
  await queue.close();
  await store.close();
  await rm(dataDir, { recursive: true });
  return { perSecond, latencies: measured.latencies, cpu };
}

const runs: Readonly<Record<string, () => Promise<Measured>>> = {
  'bare disk, one file': () => bareDisk(values.folder, { ...load, sizes: [size + 3000] }),
  'bare disk, two files': () => bareDisk(values.folder, { ...load, sizes: [size, 3000] }),
  'spool, durable': () => spoolRound(true),
  'spool, stored and queued': () => spoolRound(false),
};
const rounds = new Map<string, Measured[]>(Object.keys(runs).map((name) => [name, []]));
for (const run of Object.values(runs)) await run();
for (let i = 0; i < Number(values.rounds); i += 1) {
  for (const [name, run] of Object.entries(runs)) rounds.get(name)?.push(await run());
}
const base = rounds.get('bare disk, one file')?.map((m) => m.perSecond) ?? [];
const rows: Row[] = [...rounds].map(([name, measured]) => ({
  run: name,
  ...summary(measured),
  'of bare %': Math.round(100 * median(measured.map((m, i) => m.perSecond / (base[i] ?? Number.NaN)))),
}));
printTable(rows, `${size} bytes and 40 annotations, 16 at once, ${values.rounds} rounds of ${count}`);
console.log(`\n${await writeJson('spool', rows)}`);
