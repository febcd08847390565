/** Real processes on one database: two that race through an hour, and one that is killed in the middle of a job. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { JobStore } from '../../src/crontabber/job-store.ts';
import { crontabberMigrations } from '../../src/crontabber/migrations.ts';
import type { Database } from '../../src/database/contract.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { onEachDialect } from '../database/dialects.ts';
import { HOUR_MS, MINUTE_MS } from './loop-bench.ts';

const SCRIPT = join(import.meta.dirname, 'processes/runner.ts');
const START = Date.parse('2026-12-31T23:17:30Z');

interface Line {
  readonly what: string;
  readonly job: string;
  readonly to: string;
  readonly at: number;
}

interface Runner {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly ended: Promise<unknown>;
  readonly ready: Promise<void>;
  seen(what: string, job: string): Promise<void>;
  /** Starts its clock. */
  go(at: number): void;
}

function start(url: string, speed: number, env: Readonly<Record<string, string>> = {}): Runner {
  const child = spawn(
    process.execPath,
    [SCRIPT, url, String(START), String(speed), String(START + HOUR_MS)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: Line[] = [];
  const waiting = new Map<string, () => void>();
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (text === 'ready') return ready.resolve();
    const [what = '', job = '', to = '', at = ''] = text.split(' ');
    lines.push({ what, job, to, at: Number(at) });
    waiting.get(`${what} ${job}`)?.();
  });
  return {
    child,
    lines,
    ended: once(child, 'exit'),
    ready: ready.promise,
    go: (at) => void child.stdin.end(`${at}\n`),
    seen: (what, job) => new Promise((resolve) => void waiting.set(`${what} ${job}`, resolve)),
  };
}

/** One clock for all of them, from the moment when all are ready. */
async function race(...runners: readonly Runner[]): Promise<void> {
  await Promise.all(runners.map(({ ready }) => ready));
  const begun = Date.now();
  for (const { go } of runners) go(begun);
}

async function fresh(url: string): Promise<{ readonly database: Database; readonly store: JobStore }> {
  const database = await openDatabase(url, { log: silentLog });
  onTestFinished(() => database.close());
  await migrate(database, crontabberMigrations);
  return { database, store: new JobStore(database) };
}

/** Pairs of start and end of one job that overlap. */
function overlaps(lines: readonly Line[]): string[] {
  const wrong: string[] = [];
  const sorted = lines.toSorted((a, b) => a.at - b.at || (a.what === 'end' ? -1 : 1));
  const open = new Map<string, string>();
  for (const { what, job, to } of sorted) {
    if (what === 'end') open.delete(job);
    else if (open.has(job)) wrong.push(`${job} for ${to} while it ran for ${open.get(job)}`);
    else open.set(job, to);
  }
  return wrong;
}

onEachDialect((dialect) => {
  it('two processes race through an hour: never two at once, each period once, in order', async () => {
    const url = await dialect.fresh();
    const { store } = await fresh(url);
    // An hour in twelve seconds.
    const runners = [start(url, 300), start(url, 300)];
    await race(...runners);
    await Promise.all(runners.map(({ ended }) => ended));
    expect(overlaps(runners.flatMap(({ lines }) => lines))).toEqual([]);
    // Both did their part; SQLite's lock knows no turns.
    const parts = runners.map(({ lines }) => lines.length);
    expect(dialect.engine === 'postgres' ? Math.min(...parts) : Math.max(...parts)).toBeGreaterThan(5);
    const runs = await store.runs(undefined, 1_000);
    expect(runs.filter(({ outcome }) => outcome === 'failed' || outcome === 'lost')).toEqual([]);
    for (const [job, minutes] of [
      ['first', 1],
      ['second', 2],
      ['third', 5],
      ['stuck', 10],
    ] as const) {
      const ends = runs
        .filter((run) => run.job === job && run.outcome === 'done')
        .map(({ period }) => period.to.getTime())
        .sort((a, b) => a - b);
      expect(new Set(ends).size, job).toBe(ends.length);
      expect(ends.length, job).toBeGreaterThan(50 / minutes);
      for (const [at, end] of ends.entries())
        if (at > 0) expect(end - (ends[at - 1] as number), job).toBe(minutes * MINUTE_MS);
    }
  }, 60_000);

  it('kill -9 in the middle of a job: the lease runs out, the run is marked as lost, another process goes on', async () => {
    const url = await dialect.fresh();
    const { store } = await fresh(url);
    const killed = start(url, 1, { STUCK: 'yes', LEASE: '1500' });
    await race(killed);
    await killed.seen('start', 'stuck');
    killed.child.kill('SIGKILL');
    await killed.ended;
    const { pid } = killed.child;
    expect((await store.load()).get('stuck')?.ongoing).toMatchObject({ host: `pid ${pid}`, isHeld: true });
    // Nobody else gets it while the lease lasts.
    expect(await store.claim('stuck', 1_000)).toBeUndefined();
    // Time flies for the second one, so that it need not wait for the retry.
    const second = start(url, 300, { LEASE: '1500' });
    await race(second);
    await second.seen('end', 'stuck');
    const runs = (await store.runs('stuck', 10)).filter(({ outcome }) => outcome !== 'running');
    const lost = runs.find(({ outcome }) => outcome === 'lost');
    expect(lost).toMatchObject({ host: `pid ${pid}`, error: { type: 'LeaseLostError' } });
    await expect
      .poll(async () => (await store.runs('stuck', 10)).map(({ outcome }) => outcome))
      .toContain('done');
    second.child.kill('SIGKILL');
    expect((await store.load()).get('stuck')).toMatchObject({ errorCount: 0 });
  }, 60_000);
});
