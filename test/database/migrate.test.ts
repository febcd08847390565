import { once } from 'node:events';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { type Migration, migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { countingMigrations } from './counting-migrations.ts';
import { type Dialect, onEachDialect } from './dialects.ts';
import { runScript } from './scratch.ts';

async function fresh(dialect: Dialect) {
  const url = await dialect.fresh();
  const database = await openDatabase(url, { log: silentLog });
  onTestFinished(() => database.close());
  const ran = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ name: string }>`select name from ran`.execute(database.tables());
    return rows.map((r) => r.name);
  };
  return { url, database, ran };
}

onEachDialect((dialect) => {
  it('runs each migration once, in order, and only the new ones later', async () => {
    const { database, ran } = await fresh(dialect);
    expect(await migrate(database, countingMigrations.slice(0, 1))).toEqual(['test/0001_table']);
    expect(await migrate(database, countingMigrations)).toEqual(['test/0002_row']);
    expect(await migrate(database, countingMigrations)).toEqual([]);
    expect(await ran()).toEqual(['first', 'second']);
  });

  it('runs none when one fails, and says which', async () => {
    const { database } = await fresh(dialect);
    const broken: Migration = {
      name: 'test/0003_broken',
      up: async (db) => void (await sql`insert into nowhere values (1)`.execute(db)),
    };
    await expect(migrate(database, [...countingMigrations, broken])).rejects.toThrow(
      /test\/0003_broken failed:.*nowhere/,
    );
    expect(await migrate(database, countingMigrations)).toHaveLength(2);
  });

  it('refuses two of one name', async () => {
    const { database } = await fresh(dialect);
    await expect(migrate(database, [...countingMigrations, ...countingMigrations])).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('is safe in several processes at once: one of them runs each', async () => {
    const { url, database, ran } = await fresh(dialect);
    const scripts = [1, 2, 3].map(() => runScript('migrator', url));
    const outputs = await Promise.all(
      scripts.map(async ({ lines }) => String((await once(lines, 'line'))[0])),
    );
    for (const { ended } of scripts) expect(await ended).toBe(0);
    expect(outputs.filter((line) => line !== '')).toEqual(['test/0001_table test/0002_row']);
    expect(await ran()).toEqual(['first', 'second']);
    expect(await migrate(database, countingMigrations)).toEqual([]);
  });

  it('is safe in one process at once', async () => {
    const { database, ran } = await fresh(dialect);
    const all = await Promise.all([1, 2, 3].map(() => migrate(database, countingMigrations)));
    expect(all.flat()).toEqual(['test/0001_table', 'test/0002_row']);
    expect(await ran()).toEqual(['first', 'second']);
  });
});
