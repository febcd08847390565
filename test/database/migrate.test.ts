import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { type Migration, migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { countingMigrations } from './counting-migrations.ts';
import { runScript, scratchFolder } from './scratch.ts';

async function fresh() {
  const path = join(await scratchFolder(), 'test.db');
  const database = await openDatabase(`sqlite:${path}`, { log: silentLog });
  onTestFinished(() => database.close());
  const ran = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ name: string }>`select name from ran`.execute(database.tables());
    return rows.map((r) => r.name);
  };
  return { path, database, ran };
}

it('runs each migration once, in order, and only the new ones later', async () => {
  const { database, ran } = await fresh();
  expect(await migrate(database, countingMigrations.slice(0, 1))).toEqual(['test/0001_table']);
  expect(await migrate(database, countingMigrations)).toEqual(['test/0002_row']);
  expect(await migrate(database, countingMigrations)).toEqual([]);
  expect(await ran()).toEqual(['first', 'second']);
});

it('runs none when one fails, and says which', async () => {
  const { database } = await fresh();
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
  const { database } = await fresh();
  await expect(migrate(database, [...countingMigrations, ...countingMigrations])).rejects.toMatchObject({
    code: 'invalid',
  });
});

it('is safe in several processes at once: one of them runs each', async () => {
  const { path, database, ran } = await fresh();
  const scripts = [1, 2, 3].map(() => runScript('migrator', path));
  const outputs = await Promise.all(scripts.map(async ({ lines }) => String((await once(lines, 'line'))[0])));
  for (const { ended } of scripts) expect(await ended).toBe(0);
  expect(outputs.filter((line) => line !== '')).toEqual(['test/0001_table test/0002_row']);
  expect(await ran()).toEqual(['first', 'second']);
  expect(await migrate(database, countingMigrations)).toEqual([]);
});

it('is safe in one process at once', async () => {
  const { database, ran } = await fresh();
  const all = await Promise.all([1, 2, 3].map(() => migrate(database, countingMigrations)));
  expect(all.flat()).toEqual(['test/0001_table', 'test/0002_row']);
  expect(await ran()).toEqual(['first', 'second']);
});
