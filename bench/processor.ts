/**
 * The processor on the embedded stores: crashes/s with the real stackwalker, and what it costs outside of it (target:
 * ≤ 5 ms a crash), measured with a walker that answers at once what the real one said of the same dump.
 * `--crashes N` (500), `--walks N` (50).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { loadConfiguration } from '../src/app/config/configuration.ts';
import { openApp } from '../src/app/container.ts';
import { sampleFolder } from '../src/app/sample.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { type CrashId, createCrashId } from '../src/model/crash-id.ts';
import type { Dump } from '../src/model/report.ts';
import { loadRules } from '../src/processor/load-rules.ts';
import { Pipeline } from '../src/processor/pipeline.ts';
import { Processor } from '../src/processor/processor.ts';
import { UnsavedResults } from '../src/processor/unsaved-results.ts';
import { need } from '../src/storage/contract.ts';
import type { Stackwalker, WalkOutcome } from '../src/symbols/stackwalker.ts';
import { percentile, printTable, type Row, writeJson } from './lib/report.ts';

const { values } = parseArgs({
  options: { crashes: { type: 'string', default: '500' }, walks: { type: 'string', default: '50' } },
});

async function openBench(dataDir: string) {
  const configuration = await loadConfiguration({
    commandLine: new Map([
      ['DATA_DIR', dataDir],
      ['LOG_LEVEL', 'silent'],
    ]),
    files: ['config/embedded.env'],
    environment: { PATH: process.env['PATH'] },
    cwd: join(import.meta.dirname, '..'),
  });
  return openApp(configuration);
}

const dataDir = await mkdtemp(join(tmpdir(), 'auxilio-bench-'));
const app = await openBench(dataDir);
const { settings } = app.configuration;
const stores = await app.stores();
const source = need(
  await stores.get(settings.processor.source),
  'bench',
  'report.write',
  'raw.read',
  'dumps.read',
);
const destination = need(await stores.get(settings.processor.destination), 'bench', 'processed.write');
const bytes = gunzipSync(await readFile(join(sampleFolder, 'sample.dmp.gz')));
const annotations = JSON.parse(await readFile(join(sampleFolder, 'annotations.json'), 'utf8')) as Record<
  string,
  string
>;
const dump: Dump = {
  name: 'upload_file_minidump',
  size: bytes.length,
  open: async () => Readable.from([bytes]),
};

async function store(count: number): Promise<CrashId[]> {
  const ids: CrashId[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = createCrashId(new Date());
    const metadata = {
      payload: 'multipart',
      compressed: false,
      size: bytes.length,
      notes: [],
      userAgent: 'bench',
      throttleRule: 'accept',
      outcome: 'accepted',
    } as const;
    await source.saveReport({
      raw: { id, annotations, receivedAt: new Date().toISOString(), metadata },
      dumps: [dump],
    });
    ids.push(id);
  }
  return ids;
}

async function measure(title: string, walker: Stackwalker, ids: readonly CrashId[]): Promise<Row> {
  const pipeline = new Pipeline(await loadRules([], dataDir), {
    services: { stackwalker: walker, signatures: await app.signatures() },
    clock: systemClock,
    log: silentLog,
  });
  const processor = new Processor(
    {
      source,
      destination,
      queue: await app.queue(),
      pipeline,
      unsaved: new UnsavedResults(join(dataDir, 'unsaved')),
      reporter: await app.reporter(),
      log: silentLog,
    },
    settings.processor,
  );
  const times: number[] = [];
  const from = performance.now();
  for (const id of ids) {
    const start = performance.now();
    await processor.process(id, 'default', { signal: new AbortController().signal });
    times.push(performance.now() - start);
  }
  const seconds = (performance.now() - from) / 1000;
  times.sort((a, b) => a - b);
  return {
    run: title,
    crashes: ids.length,
    'crashes/s': ids.length / seconds,
    'mean ms': (seconds * 1000) / ids.length,
    'p50 ms': percentile(times, 0.5),
    'p95 ms': percentile(times, 0.95),
    'p99 ms': percentile(times, 0.99),
    'RSS MB': Math.round(process.memoryUsage.rss() / 1024 ** 2),
  };
}

try {
  const real = await app.stackwalker();
  let last: WalkOutcome | undefined;
  const remembering: Stackwalker = {
    name: real.name,
    close: async () => undefined,
    walk: async (request, options) => (last = await real.walk(request, options)),
  };
  const instant: Stackwalker = {
    name: 'instant',
    close: async () => undefined,
    walk: async () => last as WalkOutcome,
  };
  const rows = [
    await measure(`with ${real.name}, one at a time`, remembering, await store(Number(values.walks))),
  ];
  const ids = await store(Number(values.crashes));
  await measure('warm-up', instant, ids.slice(0, 50));
  rows.push(await measure('outside the stackwalker (target: mean ≤ 5 ms)', instant, ids));
  printTable(rows, 'processor');
  console.log(`\n${await writeJson('processor', rows)}`);
} finally {
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
}
