/** The job `cleanup-spool`: reports that a store refused for good, and that nobody came for. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import cleanupSpool from '../../../src/crontabber/jobs/cleanup-spool.ts';
import type { Database } from '../../../src/database/contract.ts';
import type { RawCrash } from '../../../src/model/report.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { benchFolder, dayEnding, openBench, runJob } from './job-bench.ts';
import { crashOn } from './stored-crashes.ts';

const clean = (database: Database, spool: string, settings: Readonly<Record<string, unknown>> = {}) =>
  runJob(cleanupSpool, {
    period: dayEnding('2024-11-21T02:30:00Z'),
    settings: { cleanup_spool_keep: '30d', ...settings },
    services: { database, folders: { spool, resolve: (path: string) => path } as never },
  });

/** As the spool writes them (src/spool/set-aside.ts). */
async function setAside(spool: string, raw: RawCrash, failedAt: string): Promise<void> {
  const folder = join(spool, 'failed');
  await mkdir(folder, { recursive: true });
  const file = `${raw.id}.0.dump`;
  await writeFile(join(folder, file), 'MDMP');
  const report = { id: raw.id, reason: 'no', failedAt, bytes: 4, raw, dumps: [{ name: 'd', size: 4, file }] };
  await writeFile(join(folder, `${raw.id}.json`), JSON.stringify(report));
}

onEachDialect((dialect) => {
  it('removes old ones with their dumps, and leaves young, held and damaged ones', async () => {
    const database = await openBench(dialect);
    const spool = await benchFolder();
    const [old, border, young, held] = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'].map((d) =>
      crashOn(d),
    );
    await setAside(spool, old as RawCrash, '2024-10-22T02:29:59.999Z');
    await setAside(spool, border as RawCrash, '2024-10-22T02:30:00.000Z');
    await setAside(spool, young as RawCrash, '2024-11-20T00:00:00.000Z');
    await setAside(spool, held as RawCrash, '2024-02-01T00:00:00.000Z');
    const damaged = crashOn('2024-01-05').id;
    await writeFile(join(spool, 'failed', `${damaged}.json`), '{"id":');
    const hold = join(spool, 'hold');
    await writeFile(hold, `${held?.id}\n`);
    const { lines } = await clean(database, spool, { cleanup_storage_hold: hold });
    expect(lines.at(-1)).toMatchObject({ removed: 1, kept: 3, unreadable: 1 });
    const left = await readdir(join(spool, 'failed'));
    expect(left.filter((name) => name.startsWith(String(old?.id)))).toEqual([]);
    expect(left).toHaveLength(7);
  });

  it('does nothing without a retention, and makes no folder where there is no spool', async () => {
    const database = await openBench(dialect);
    const spool = await benchFolder();
    await setAside(spool, crashOn('2024-01-01'), '2001-01-01T00:00:00.000Z');
    await clean(database, spool, { cleanup_spool_keep: '' });
    expect(await readdir(join(spool, 'failed'))).toHaveLength(2);
    const none = join(spool, 'none');
    await clean(database, none);
    expect(await readdir(spool)).not.toContain('none');
  });
});
