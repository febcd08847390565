/** What every database answers, whichever engine it is on. */
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type Dialect, onEachDialect } from './dialects.ts';

interface Tables {
  readonly crash: { readonly id: string; readonly n: number | null };
}

const row = (id: string, n: number | null = null) => ({ id, n });

async function freshDatabase(dialect: Dialect) {
  const url = await dialect.fresh();
  const open = () => openDatabase(url, { log: silentLog });
  const database = await open();
  onTestFinished(() => database.close());
  const db = database.tables<Tables>();
  await sql`create table crash (id text primary key, n double precision)`.execute(db);
  return { url, open, database, db };
}

async function fill(dialect: Dialect, db: Awaited<ReturnType<typeof freshDatabase>>['db']): Promise<void> {
  await (dialect.engine === 'sqlite'
    ? sql`insert into crash with recursive i (x) as (select 1 union all select x + 1 from i where x < 5000)
        select 'crash ' || x, x from i`
    : sql`insert into crash select 'crash ' || x, x from generate_series(1, 5000) as x`
  ).execute(db);
}

onEachDialect((dialect) => {
  it('answers queries of every kind', async () => {
    const { db } = await freshDatabase(dialect);
    // Postgres has no NUL in text.
    const odd = dialect.engine === 'sqlite' ? "b'\u0000ü💥" : "b'ü💥";
    const inserted = await db
      .insertInto('crash')
      .values([row('a', 1), row(odd, 2.5), row('c')])
      .executeTakeFirst();
    expect(inserted.numInsertedOrUpdatedRows).toBe(3n);
    const rows = await db.selectFrom('crash').selectAll().orderBy('id').execute();
    expect(rows).toEqual([row('a', 1), row(odd, 2.5), row('c')]);
    const updated = await db.updateTable('crash').set({ n: 5 }).where('n', 'is', null).executeTakeFirst();
    expect(updated.numUpdatedRows).toBe(1n);
    const removed = await db.deleteFrom('crash').where('n', '>', 1).returning('id').execute();
    expect(removed).toHaveLength(2);
    const { rows: counted } = await sql<{ c: number }>`select count(*) as c from crash`.execute(db);
    expect(counted).toEqual([{ c: 1 }]);
  });

  it('undoes a transaction that fails and keeps one that does not', async () => {
    const { db } = await freshDatabase(dialect);
    const failed = db.transaction().execute(async (tx) => {
      await tx.insertInto('crash').values(row('gone')).execute();
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await db.transaction().execute((tx) => tx.insertInto('crash').values(row('kept')).execute());
    expect(await db.selectFrom('crash').select('id').execute()).toEqual([{ id: 'kept' }]);
  });

  it('has savepoints, and no transactions begun by hand', async () => {
    const { db } = await freshDatabase(dialect);
    const tx = await db.startTransaction().execute();
    await tx.insertInto('crash').values(row('a')).execute();
    const point = await tx.savepoint('here').execute();
    await point.insertInto('crash').values(row('b')).execute();
    await point.rollbackToSavepoint('here').execute();
    await tx.commit().execute();
    expect(await db.selectFrom('crash').select('id').execute()).toEqual([{ id: 'a' }]);
    await expect(sql`begin`.execute(db)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('streams a large answer, and may be left early', async () => {
    const { db } = await freshDatabase(dialect);
    await fill(dialect, db);
    let sum = 0;
    for await (const { n } of db.selectFrom('crash').select('n').stream(100)) sum += n ?? 0;
    expect(sum).toBe(12_502_500);
    for (const query of [
      db.selectFrom('crash').selectAll(),
      db.selectFrom('crash').selectAll().where('n', '>', 3),
    ])
      for await (const one of query.stream(10)) {
        expect(one.id).toMatch(/^crash/);
        break;
      }
    await db.insertInto('crash').values(row('after')).execute();
  });

  it('answers at once when the signal aborts, and goes on afterwards', async () => {
    const { db } = await freshDatabase(dialect);
    const slow =
      dialect.engine === 'sqlite'
        ? sql`select count(*) from
            (with recursive i (x) as (select 1 union all select x + 1 from i where x < 3000000) select x from i)`
        : sql`select pg_sleep(1)`;
    const controller = new AbortController();
    const asked = slow.execute(db, { signal: controller.signal });
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(await db.selectFrom('crash').selectAll().execute()).toEqual([]);
  });

  it('waits for calls in hand when it closes, and takes none afterwards', async () => {
    const { open, database, db } = await freshDatabase(dialect);
    const writes = Array.from({ length: 20 }, (_, i) =>
      db
        .insertInto('crash')
        .values(row(`w${i}`))
        .execute(),
    );
    await Promise.all(writes.slice(0, 1));
    await Promise.all([database.close(), database.close(), ...writes]);
    await expect(db.selectFrom('crash').selectAll().execute()).rejects.toMatchObject({ code: 'closed' });
    await expect(database.health()).rejects.toMatchObject({ code: 'closed' });
    const again = await open();
    expect(await again.tables<Tables>().selectFrom('crash').selectAll().execute()).toHaveLength(20);
    await again.close();
  });

  it('what goes wrong has a code: conflict, invalid SQL, a value that is none', async () => {
    const { db } = await freshDatabase(dialect);
    await db.insertInto('crash').values(row('a')).execute();
    const twice = db.insertInto('crash').values(row('a')).execute();
    await expect(twice).rejects.toMatchObject({ code: 'conflict', retryable: false });
    await expect(sql`selekt`.execute(db)).rejects.toMatchObject({ code: 'invalid' });
    await expect(sql`select ${{}}`.execute(db)).rejects.toMatchObject({ code: 'invalid' });
  });

  describe('withConnection', () => {
    for (const single of [false, true]) {
      it(single ? 'one of its own' : 'one of the pool', async () => {
        const { database, db } = await freshDatabase(dialect);
        await database.withConnection<Tables, void>(
          async (one) => {
            await one.insertInto('crash').values(row('a')).execute();
            await one.transaction().execute((tx) => tx.insertInto('crash').values(row('b')).execute());
          },
          { single },
        );
        const failing = database.withConnection(() => Promise.reject(new Error('mine')), { single });
        await expect(failing).rejects.toThrow('mine');
        expect(await db.selectFrom('crash').selectAll().execute()).toHaveLength(2);
      });
    }
  });
});
