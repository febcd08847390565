import { expect, it, onTestFinished } from 'vitest';
import { createLeaseTable, leasesIn } from '../../src/database/lease.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type Dialect, onEachDialect } from './dialects.ts';

const HOUR = 3_600_000;

async function freshLeases(dialect: Dialect) {
  const database = await openDatabase(await dialect.fresh(), { log: silentLog });
  onTestFinished(() => database.close());
  await migrate(database, [{ name: 'test/lease', up: (db) => createLeaseTable(db, 'job_lease') }]);
  return leasesIn(database, 'job_lease');
}

onEachDialect((dialect) => {
  it('one holder at a time, of many who ask at once', async () => {
    const leases = await freshLeases(dialect);
    const claims = await Promise.all(Array.from({ length: 10 }, () => leases.claim('job', HOUR)));
    expect(claims.filter((lease) => lease !== undefined)).toHaveLength(1);
    expect(await leases.claim('other job', HOUR)).toBeDefined();
  });

  it('renewed while it runs, free after its release', async () => {
    const leases = await freshLeases(dialect);
    const lease = await leases.claim('job', HOUR);
    await lease?.renew();
    expect(await leases.claim('job', HOUR)).toBeUndefined();
    await lease?.release();
    expect(await leases.claim('job', HOUR)).toBeDefined();
  });

  it('runs out: somebody else may take it, and the first cannot renew or release it', async () => {
    const leases = await freshLeases(dialect);
    const first = await leases.claim('job', 0);
    await expect(first?.renew()).rejects.toMatchObject({ code: 'conflict' });
    const second = await leases.claim('job', HOUR);
    expect(second).toBeDefined();
    await expect(first?.renew()).rejects.toMatchObject({ code: 'conflict' });
    await first?.release();
    expect(await leases.claim('job', HOUR)).toBeUndefined();
    await second?.renew();
  });
});
