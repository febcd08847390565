/** Saves and reads back one large dump; prints how much the resident memory grew. `postgres-large-dump URL SCHEMA MB` */
import { silentLog } from '../../src/lib/log.ts';
import { keepYoungHeapSmall } from '../../src/lib/young-heap.ts';
import { bytesOf, generatedDump, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import backend from '../../src/storage/postgres/index.ts';

// As the services do.
keepYoungHeapSmall();

const MIB = 1024 * 1024;
const [url = '', schema = '', megabytes = '1024'] = process.argv.slice(2);
const context = {
  name: 'crashes',
  dataDir: '/nowhere',
  log: silentLog,
  store: () => Promise.reject(new Error('a leaf')),
};
const store = (await backend.open({ url, schema }, context)) as FullStore;

// One before, so that code and buffers that are there once do not count.
const small = rawCrash();
await store.saveReport(report(small, textDump('core', 'x')));
await bytesOf(await store.readDump(small.id, 'core'));

const size = Number(megabytes) * MIB;
const piece = Buffer.alloc(64 * 1024, 'auxilio ');
const before = process.memoryUsage.rss();
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 20);
const raw = rawCrash();
const begun = performance.now();
const dump = generatedDump('core', size, function* () {
  for (let sent = 0; sent < size; sent += piece.length) yield piece;
});
await store.saveReport(report(raw, dump));
const saved = performance.now();
const grownSaving = most - before;
let read = 0;
for await (const chunk of await (await store.readDump(raw.id, 'core')).open())
  read += (chunk as Buffer).length;
const ended = performance.now();
clearInterval(watch);
await store.remove(raw.id);
await store.close();
process.stdout.write(
  `${JSON.stringify({ read, grownMiB: Math.round((most - before) / MIB), grownSavingMiB: Math.round(grownSaving / MIB), savedMs: Math.round(saved - begun), readMs: Math.round(ended - saved) })}\n`,
);
