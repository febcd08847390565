/** The jobs with what the app gives them: real stores, a real queue, a real database, as configured. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { openApp } from '../../src/app/container.ts';
import { jobServices } from '../../src/app/job-services.ts';
import { loadDefaultJobs } from '../../src/crontabber/default-jobs.ts';
import type { JobServices } from '../../src/crontabber/job-services.ts';
import { KnownVersions } from '../../src/crontabber/tables/known-versions.ts';
import { isAborted } from '../../src/lib/abort.ts';
import { daysBefore, isoDay } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { textDump } from '../../src/storage/conformance/inputs.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import { feedServer } from '../crontabber/feeds/feed-server.ts';
import { dayEnding } from '../crontabber/jobs/job-bench.ts';
import { crashOn, processedOf } from '../crontabber/jobs/stored-crashes.ts';

const FILE = `
STORE_BUCKET_USE=fs
STORE_SPARE_USE=fs
STORE_INDEX_USE=sqlite
QUEUE_USE=fs
COLLECTOR_STORAGE=fallback(bucket, spare)
PROCESSOR_SOURCE=fallback(bucket, spare)
PROCESSOR_DESTINATION=poly(bucket, index)
WEB_SOURCE=bucket
WEB_SEARCH=index
LOG_LEVEL=silent
`;

let folder: string;
const apps: App[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auxilio-jobs-'));
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function site(settings: Readonly<Record<string, string>> = {}): Promise<{
  readonly app: App;
  readonly services: JobServices;
  readonly alerts: unknown[];
  run(name: string, to?: string, signal?: AbortSignal): Promise<void>;
}> {
  const file = join(folder, 'site.env');
  await writeFile(file, FILE);
  const configuration = await loadConfiguration({
    commandLine: new Map(Object.entries({ DATA_DIR: join(folder, 'data'), ...settings })),
    files: [file],
    // Jenkins sets these in every build; they are none of ours.
    environment: { JOB_NAME: 'build', JOB_URL: 'https://ci.example/job/build/' },
    cwd: folder,
  });
  const app = openApp(configuration);
  apps.push(app);
  const alerts: unknown[] = [];
  const services = await jobServices(app, { send: (alert: unknown) => void alerts.push(alert) });
  const jobs = await loadDefaultJobs();
  return {
    app,
    services,
    alerts,
    async run(name, to = isoDay(new Date()), signal = new AbortController().signal) {
      const job = jobs.find((one) => one.name === name);
      if (!job) throw new Error(`no job ${name}`);
      await job.run({ period: dayEnding(to), signal, log: silentLog } as never, services);
    },
  };
}

const store = async (app: App, name: string): Promise<FullStore> =>
  (await (await app.stores()).get(name, 'TEST')) as FullStore;

it('every job runs on a new installation that sets nothing, and twice', async () => {
  const { run, alerts } = await site();
  const names = (await loadDefaultJobs()).map(({ name }) => name);
  for (const name of [...names, ...names]) await run(name);
  expect(alerts).toEqual([]);
});

it('a crash that went to the spare store is taken back, queued, and known by its version', async () => {
  const { app, run, services } = await site({ JOB_SPOOL_AND_STORE_CARE_DRAIN: 'spare->bucket' });
  const today = isoDay(new Date());
  const raw = crashOn(isoDay(daysBefore(new Date(), 1)));
  const [bucket, spare, index] = [
    await store(app, 'bucket'),
    await store(app, 'spare'),
    await store(app, 'index'),
  ];
  await spare.saveReport({ raw, dumps: [textDump('upload_file_minidump', 'MDMP')] });
  await run('spool-and-store-care', today);
  expect((await bucket.readRaw(raw.id)).id).toBe(raw.id);
  await expect(spare.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
  await run('verify-processed', today);
  const queue = await app.queue();
  expect(await queue.depth('standard')).toBe(1);
  await services.stores.search();
  for (const to of [bucket, index])
    await to.saveProcessed(
      raw,
      processedOf(raw, { product: 'Fox', version: '1.0', release_channel: 'beta' }),
    );
  await run('product-versions', today);
  await run('featured-versions', today);
  expect(await new KnownVersions(services.database).list()).toMatchObject([
    { product: 'Fox', channel: 'beta', version: '1.0', featured: true },
  ]);
});

it('what is too old leaves every leaf, and a lane that is too long is told', async () => {
  const { app, run, alerts } = await site({
    JOB_CLEANUP_STORAGE_KEEP: '30d',
    JOB_QUEUE_ALERTS_LIMITS: 'standard=0',
  });
  const old = crashOn(isoDay(daysBefore(new Date(), 40)));
  const leaves = ['bucket', 'spare', 'index'];
  for (const name of leaves) await (await store(app, name)).saveReport({ raw: old, dumps: [] });
  await run('cleanup-storage');
  for (const name of leaves)
    await expect((await store(app, name)).readRaw(old.id), name).rejects.toMatchObject({ code: 'not_found' });
  await (await app.queue()).publish({ crashId: old.id }, 'standard');
  await run('queue-alerts');
  await run('queue-alerts');
  expect(alerts).toEqual([expect.objectContaining({ service: 'crontabber', job: 'queue-alerts' })]);
});

/** With everything set, so that each of them would have something to do. */
const BUSY = {
  JOB_CLEANUP_STORAGE_KEEP: '30d',
  JOB_CLEANUP_SEARCH_KEEP: '30d',
  JOB_CLEANUP_SPOOL_KEEP: '30d',
  JOB_QUEUE_ALERTS_LIMITS: 'standard=0, dead=0',
  JOB_SPOOL_AND_STORE_CARE_DRAIN: 'spare->bucket',
};

it('a job that is told to end before it began does nothing', async () => {
  const server = await feedServer(() => undefined);
  const feed = { name: 'a', kind: 'json', url: server.url.href, product: 'Fox' };
  const { app, run, alerts } = await site({
    ...BUSY,
    JOB_DEPENDENCY_CHECK_URL: server.url.href,
    JOB_RELEASE_FEED_FEEDS: JSON.stringify([feed]),
    JOB_BUGS_FEEDS: JSON.stringify([{ ...feed, kind: 'github', repository: 'a/b', product: undefined }]),
  });
  const old = crashOn(isoDay(daysBefore(new Date(), 40)));
  const bucket = await store(app, 'bucket');
  await bucket.saveReport({ raw: old, dumps: [] });
  const began: string[] = [];
  for (const { name } of await loadDefaultJobs()) {
    const ended = await run(name, undefined, AbortSignal.abort()).catch((error: unknown) => error);
    if (!isAborted(ended)) began.push(`${name}: ${String(ended)}`);
  }
  expect(began).toEqual([]);
  expect((await bucket.readRaw(old.id)).id).toBe(old.id);
  expect(alerts).toEqual([]);
  expect(server.asked).toEqual([]);
});

it('a job that waits for a server that does not answer ends when it is told to', async () => {
  const server = await feedServer(() => undefined);
  const feed = { name: 'a', kind: 'json', url: server.url.href, product: 'Fox' };
  const { run } = await site({
    JOB_DEPENDENCY_CHECK_URL: server.url.href,
    JOB_RELEASE_FEED_FEEDS: JSON.stringify([feed]),
    JOB_BUGS_FEEDS: JSON.stringify([{ ...feed, kind: 'github', repository: 'a/b', product: undefined }]),
  });
  for (const name of ['dependency-check', 'release-feed', 'bugs']) {
    const stop = new AbortController();
    const ended = run(name, undefined, stop.signal);
    ended.catch(() => undefined);
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(0), { timeout: 30_000 });
    const began = performance.now();
    stop.abort();
    await expect(ended, name).rejects.toSatisfy(isAborted);
    expect(performance.now() - began).toBeLessThan(10_000);
    server.asked.length = 0;
  }
});

it.each([
  [{ JOB_BUGS_FEEDS: '[{"name":"a","kind":"githup","url":"https://x.example"}]' }, 'did you mean github?'],
  [
    { JOB_RELEASE_FEED_FEEDS: '[{"name":"a","kind":"json","url":"https://x.example","prod":"F"}]' },
    '"prod" is none of',
  ],
  [{ JOB_SPOOL_AND_STORE_CARE_DRAIN: 'spare' }, 'write spare->bucket'],
])('%j stops the start', async (settings, message) => {
  await expect(site(settings)).rejects.toThrow(message);
});
