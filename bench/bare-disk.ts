/**
 * What the disk gives: files of the same sizes written and synced, so many at once, by nothing but Node.
 * `bench/spool.ts` and `bench/collector.ts` measure against it in turn. Alone: `node bench/bare-disk.ts [--count 600]`.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median, percentile, printTable, type Row } from './lib/report.ts';

export interface Load {
  readonly count: number;
  readonly atOnce: number;
  /** Bytes of each file of one crash. */
  readonly sizes: readonly number[];
}

export interface Measured {
  readonly perSecond: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
  /** Milliseconds of processor time, all threads, for one crash. */
  readonly cpu: number;
}

/** Runs `work` `count` times, `atOnce` at a time. */
export async function measure(
  { count, atOnce }: { readonly count: number; readonly atOnce: number },
  work: (index: number) => Promise<void>,
): Promise<Measured> {
  let next = 0;
  const latencies: number[] = [];
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  async function worker(): Promise<void> {
    while (next < count) {
      const index = next;
      next += 1;
      const from = performance.now();
      await work(index);
      latencies.push(performance.now() - from);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSecond = (count / (performance.now() - begun)) * 1000;
  return { perSecond, latencies: latencies.sort((a, b) => a - b), cpu: cpuSince(cpuBefore, count) };
}

export function cpuSince(before: NodeJS.CpuUsage, count: number): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.write(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Writes and syncs the files of each crash, one after the other, in a folder of its own that is removed afterwards. */
export async function bareDisk(parent: string, { count, atOnce, sizes }: Load): Promise<Measured> {
  const folder = await mkdtemp(join(parent, 'bare-'));
  try {
    const bodies = sizes.map((size) => Buffer.alloc(size, 7));
    return await measure({ count, atOnce }, async (index) => {
      for (const [i, body] of bodies.entries()) await writeSynced(join(folder, `${index}.${i}`), body);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const summary = (rounds: readonly Measured[]): Row => {
  const all = rounds.flatMap((r) => r.latencies).sort((a, b) => a - b);
  return {
    'crashes/s': Math.round(median(rounds.map((r) => r.perSecond))),
    'p50 ms': percentile(all, 0.5),
    'p95 ms': percentile(all, 0.95),
    'p99 ms': percentile(all, 0.99),
    'cpu ms': median(rounds.map((r) => r.cpu)),
  };
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '600' }, folder: { type: 'string', default: tmpdir() } },
  });
  const load = { count: Number(values.count), atOnce: 16 };
  const rows: Row[] = [];
  for (const sizes of [[403_000], [400_000, 3000]]) {
    const rounds: Measured[] = [];
    for (let i = 0; i < 5; i += 1) rounds.push(await bareDisk(values.folder, { ...load, sizes }));
    rows.push({ files: sizes.join(' + '), ...summary(rounds) });
  }
  printTable(rows, 'Write and sync, 16 at once');
}
