/** The jobs that come with Auxilio, all of them together. */
import { expect, it } from 'vitest';
import { FEED_JOBS, loadDefaultJobs, OLD_NAMES } from '../../../src/crontabber/default-jobs.ts';
import { everyMs } from '../../../src/crontabber/period.ts';
import { toposort } from '../../../src/lib/toposort.ts';
import { runJob } from './job-bench.ts';

const jobs = await loadDefaultJobs();
const names = jobs.map(({ name }) => name);

it('are those that are promised', () => {
  expect(names).toEqual([
    'backup-database',
    'bugs',
    'cleanup-search',
    'cleanup-spool',
    'cleanup-storage',
    'dependency-check',
    'featured-versions',
    'product-versions',
    'queue-alerts',
    'release-feed',
    'spool-and-store-care',
    'verify-processed',
    'weekly-partitions',
  ]);
});

it('come after each other without a circle, and end before their next period', () => {
  const sorted = toposort(jobs, 'job').map(({ name }) => name);
  expect(sorted.indexOf('featured-versions')).toBeGreaterThan(sorted.indexOf('release-feed'));
  for (const { name, every, at, timeoutMs } of jobs) {
    expect(timeoutMs, name).toBeLessThan(everyMs(every));
    if (at !== undefined) expect(everyMs(every) % 86_400_000, name).toBe(0);
  }
  const order = FEED_JOBS.map((name) => jobs.find((job) => job.name === name)?.after ?? []);
  for (const [at, after] of order.entries())
    for (const name of after) expect(FEED_JOBS.slice(0, at)).toContain(name);
});

it('go by old names, too', () => {
  for (const [old, name] of OLD_NAMES) {
    expect(names).toContain(name);
    expect(names).not.toContain(old);
  }
  expect(OLD_NAMES.get('weekly-reports-partitions')).toBe('weekly-partitions');
});

/** Whoever sets nothing has nothing removed, and nobody out there asked. */
it.each([
  'bugs',
  'cleanup-search',
  'cleanup-spool',
  'cleanup-storage',
  'dependency-check',
  'queue-alerts',
  'release-feed',
])('%s touches nothing while its setting is missing', async (name) => {
  const job = jobs.find((one) => one.name === name);
  if (!job) throw new Error(`no job ${name}`);
  const touched: string[] = [];
  const trap = (service: string) =>
    new Proxy(() => undefined, {
      get: (_, key) => {
        touched.push(`${service}.${String(key)}`);
        return undefined;
      },
      apply: () => {
        touched.push(service);
        return undefined;
      },
    }) as never;
  const services = Object.fromEntries(
    ['database', 'stores', 'queue', 'alerts', 'folders', 'transfers', 'copier'].map((service) => [
      service,
      trap(service),
    ]),
  );
  const { lines } = await runJob(job, { services });
  const again = await runJob(job, { services });
  expect(touched).toEqual([]);
  expect(lines).toEqual([
    expect.objectContaining({ level: 'info', msg: expect.stringContaining('is not set') }),
  ]);
  expect(again.lines).toEqual([]);
});
