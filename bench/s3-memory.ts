/**
 * Memory that one large dump costs on its way into a bucket and out again, and what the SDK costs by being loaded:
 *     node bench/s3-memory.ts [megabytes] [versitygw|swift]
 * The server is one of `npm run engines -- up`; its memory is its own. Chunks of files lie outside of V8's heap, so
 * garbage is collected before each look, as in the conformance suite's `[stream]` cases.
 */
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLog } from '../src/lib/log.ts';
import { parseSettings } from '../src/lib/settings.ts';
import { generatedDump, rawCrash, report } from '../src/storage/conformance/inputs.ts';
import { s3StorageSchema } from '../src/storage/s3/settings.ts';
import { printTable, type Row, writeJson } from './lib/report.ts';

const MIB = 1024 ** 2;
const [megabytes = '1024', server = 'versitygw'] = process.argv.slice(2);
if (server !== 'versitygw' && server !== 'swift') throw new Error('the servers are versitygw and swift');
const size = Number(megabytes) * MIB;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
const rss = (): number => {
  gc();
  return process.memoryUsage.rss();
};

interface Watched {
  readonly growthMb: number;
  readonly seconds: number;
}

/** Growth of this process in MB while `work` runs, and how long that took. */
async function watch(work: () => Promise<void>): Promise<Watched> {
  const before = rss();
  const started = performance.now();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, rss());
  }, 100);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return {
    growthMb: Math.round((Math.max(most, rss()) - before) / MIB),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

const before = rss();
const { openS3Storage } = await import('../src/storage/s3/s3-storage.ts');
const loadedMb = Math.round((rss() - before) / MIB);
const { makeTestBucket, removeTestBucket, s3Options } = await import('../test/build/s3-buckets.ts');

const bucket = await makeTestBucket(server);
const settings = parseSettings(s3StorageSchema, { ...s3Options(server, bucket) });
const store = await openS3Storage('s3', settings, silentLog);
const chunk = Buffer.alloc(64 * 1024, 'auxilio ');
const hash = createHash('sha256');
for (let sent = 0; sent < size; sent += chunk.length) hash.update(chunk);
const dump = generatedDump('core', size, function* () {
  for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
});
const raw = rawCrash();
try {
  const written = await watch(() => store.saveReport(report(raw, { ...dump, sha256: hash.digest('hex') })));
  let read = 0;
  const fetched = await watch(async () => {
    for await (const piece of await (await store.readDump(raw.id, 'core')).open())
      read += (piece as Buffer).length;
  });
  if (read !== size) throw new Error(`${read} bytes came back instead of ${size}`);
  const row = (run: string, { growthMb, seconds }: Watched): Row => ({
    run,
    'RSS growth MB': growthMb,
    seconds,
    'MB/s': size / MIB / seconds,
  });
  const rows = [
    row('written', written),
    row('read', fetched),
    { run: 'SDK loaded', 'RSS growth MB': loadedMb },
  ];
  printTable(rows, `one dump of ${megabytes} MB, ${server}`);
  console.log(`\n${await writeJson('s3-memory', rows)}`);
} finally {
  await store.close();
  await removeTestBucket(server, bucket);
}
