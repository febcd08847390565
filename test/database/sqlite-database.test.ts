import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/contract.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { scratchFolder } from './scratch.ts';

interface Tables {
  readonly crash: { readonly id: string; readonly n: number | null };
}

const open = (path: string): Promise<Database> => openDatabase(`sqlite:${path}`, { log: silentLog });

async function freshDatabase() {
  const path = join(await scratchFolder(), 'test.db');
  const database = await open(path);
  onTestFinished(() => database.close());
  const db = database.tables<Tables>();
  await sql`create table crash (id text primary key, n integer)`.execute(db);
  return { path, database, db };
}

const row = (id: string, n: number | null = null) => ({ id, n });

describe('a database on SQLite', () => {
  it('answers queries of every kind', async () => {
    const { db } = await freshDatabase();
    const inserted = await db
      .insertInto('crash')
      .values([row('a', 1), row("b'\u0000ü", 2.5), row('c')])
      .executeTakeFirst();
    expect(inserted.numInsertedOrUpdatedRows).toBe(3n);
    const rows = await db.selectFrom('crash').selectAll().orderBy('id').execute();
    expect(rows).toEqual([row('a', 1), row("b'\u0000ü", 2.5), row('c')]);
    const updated = await db.updateTable('crash').set({ n: 5 }).where('n', 'is', null).executeTakeFirst();
    expect(updated.numUpdatedRows).toBe(1n);
    const removed = await db.deleteFrom('crash').where('n', '>', 1).returning('id').execute();
    expect(removed).toHaveLength(2);
  });

  it('keeps bytes as bytes', async () => {
    const { db } = await freshDatabase();
    const bytes = new Uint8Array([0, 255, 1]);
    const { rows } = await sql<{ b: Uint8Array }>`select ${bytes} as b`.execute(db);
    expect(new Uint8Array(rows[0]?.b ?? [])).toEqual(bytes);
  });

  it('undoes a transaction that fails and keeps one that does not', async () => {
    const { db } = await freshDatabase();
    const failed = db.transaction().execute(async (tx) => {
      await tx.insertInto('crash').values(row('gone')).execute();
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await db.transaction().execute(async (tx) => {
      await tx.insertInto('crash').values(row('kept')).execute();
    });
    expect(await db.selectFrom('crash').select('id').execute()).toEqual([{ id: 'kept' }]);
  });

  it('lets nobody write into the transaction of another, and nobody read it', async () => {
    const { db } = await freshDatabase();
    const inside = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = db.transaction().execute(async (tx) => {
      await tx.insertInto('crash').values(row('slow')).execute();
      inside.resolve();
      await goOn.promise;
      throw new Error('undone');
    });
    await inside.promise;
    const write = db.insertInto('crash').values(row('other')).execute();
    const second = db.transaction().execute((tx) => tx.insertInto('crash').values(row('second')).execute());
    // A read goes on meanwhile, and sees nothing of it.
    expect(await db.selectFrom('crash').selectAll().execute()).toEqual([]);
    goOn.resolve();
    await expect(slow).rejects.toThrow('undone');
    await Promise.all([write, second]);
    const ids = await db.selectFrom('crash').select('id').orderBy('id').execute();
    expect(ids).toEqual([{ id: 'other' }, { id: 'second' }]);
  });

  it('has savepoints, and no transactions begun by hand', async () => {
    const { db } = await freshDatabase();
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
    const { db } = await freshDatabase();
    await sql`insert into crash with recursive i (x) as (select 1 union all select x + 1 from i where x < 5000)
      select 'crash ' || x, x from i`.execute(db);
    let sum = 0;
    for await (const { n } of db.selectFrom('crash').select('n').stream(100)) sum += n ?? 0;
    expect(sum).toBe(12_502_500);
    for await (const one of db.selectFrom('crash').selectAll().stream(10)) {
      expect(one.id).toMatch(/^crash/);
      break;
    }
    await db.insertInto('crash').values(row('after')).execute();
  });

  it('shares the file with whoever opens it again: one may close', async () => {
    const { path, database, db } = await freshDatabase();
    const again = await open(path);
    await again.tables<Tables>().insertInto('crash').values(row('x')).execute();
    await again.close();
    expect(await db.selectFrom('crash').selectAll().execute()).toHaveLength(1);
    await database.close();
    const third = await open(path);
    expect(await third.tables<Tables>().selectFrom('crash').selectAll().execute()).toHaveLength(1);
    await third.close();
  });

  it('answers at once when the signal aborts, and goes on afterwards', async () => {
    const { db } = await freshDatabase();
    const endless = sql`select count(*) from
      (with recursive i (x) as (select 1 union all select x + 1 from i where x < 3000000) select x from i)`;
    const controller = new AbortController();
    const asked = endless.execute(db, { signal: controller.signal });
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(await db.selectFrom('crash').selectAll().execute()).toEqual([]);
  });

  it('waits for calls in hand when it closes, and takes none afterwards', async () => {
    const { path, database, db } = await freshDatabase();
    const writes = Array.from({ length: 20 }, (_, i) =>
      db
        .insertInto('crash')
        .values(row(`w${i}`))
        .execute(),
    );
    await Promise.resolve();
    await Promise.all(writes.slice(0, 1));
    await Promise.all([database.close(), database.close(), ...writes]);
    await expect(db.selectFrom('crash').selectAll().execute()).rejects.toMatchObject({ code: 'closed' });
    await expect(database.health()).rejects.toMatchObject({ code: 'closed' });
    const again = await open(path);
    expect(await again.tables<Tables>().selectFrom('crash').selectAll().execute()).toHaveLength(20);
    await again.close();
  });
});

describe('what goes wrong', () => {
  it('has a code: conflict, invalid SQL, a value that is none', async () => {
    const { db } = await freshDatabase();
    await db.insertInto('crash').values(row('a')).execute();
    const twice = db.insertInto('crash').values(row('a')).execute();
    await expect(twice).rejects.toMatchObject({ code: 'conflict', retryable: false });
    await expect(sql`selekt`.execute(db)).rejects.toMatchObject({ code: 'invalid' });
    await expect(sql`select ${{}}`.execute(db)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('a file that is no database: corrupt, and what to do', async () => {
    const path = join(await scratchFolder(), 'test.db');
    await writeFile(path, 'this is no database, '.repeat(1000));
    await expect(open(path)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(open(path)).rejects.toThrow(/stop Auxilio, keep a copy, then restore a backup.*\.recover/);
  });

  it('a damaged page: corrupt', async () => {
    const { path, database, db } = await freshDatabase();
    await sql`insert into crash with recursive i (x) as (select 1 union all select x + 1 from i where x < 20000)
      select 'crash ' || x, x from i`.execute(db);
    await database.close();
    const { open: openFile } = await import('node:fs/promises');
    const handle = await openFile(path, 'r+');
    for (let page = 3; page < 40; page += 1)
      await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
    await handle.close();
    const again = await open(path);
    onTestFinished(() => again.close());
    const asked = again.tables<Tables>().selectFrom('crash').selectAll().execute();
    await expect(asked).rejects.toMatchObject({ code: 'corrupt', retryable: false });
  });

  it('a file that was moved away takes no writes, and takes them again when it is back', async () => {
    const { path, database, db } = await freshDatabase();
    await rename(path, `${path}.moved`);
    await expect(database.health()).rejects.toThrow(/moved or removed while in use/);
    const write = db.transaction().execute((tx) => tx.insertInto('crash').values(row('lost')).execute());
    await expect(write).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await rename(`${path}.moved`, path);
    await database.health();
  });

  it('a folder where a file should be, a file where a folder should be: unavailable', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'folder.db'));
    await writeFile(join(folder, 'file'), '');
    await expect(open(join(folder, 'folder.db'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(open(join(folder, 'file', 'x.db'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  const isRoot = process.getuid?.() === 0;
  it.skipIf(isRoot)('a folder that may not be written: permission denied (skipped: root may)', async () => {
    const folder = await scratchFolder();
    await chmod(folder, 0o500);
    await expect(open(join(folder, 'x.db'))).rejects.toMatchObject({ code: 'permission_denied' });
    await chmod(folder, 0o700);
  });

  it('a thread that runs out of memory: the call fails, the next one has a new thread', async () => {
    const { db } = await freshDatabase();
    await db.insertInto('crash').values(row('a')).execute();
    const huge = sql`with recursive i (x) as (select 1 union all select x + 1 from i where x < 1000)
      select printf('%.1000000c', 'x') from i`
      .execute(db)
      .then(({ rows }) => rows.length);
    await expect(huge).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(await db.selectFrom('crash').selectAll().execute()).toEqual([row('a')]);
  });

  it('a URL that is none', async () => {
    const at = (url: string) => openDatabase(url, { log: silentLog });
    await expect(at('mysql://me:secret@db/x')).rejects.not.toThrow(/secret/);
    for (const url of ['', 'auxilio.db', 'mysql://x', 'sqlite:', 'sqlite::memory:']) {
      await expect(at(url), url).rejects.toMatchObject({ code: 'invalid' });
    }
  });
});

it('a new file is not for everybody to read', async () => {
  const { path } = await freshDatabase();
  expect((await stat(path)).mode & 0o007).toBe(0);
});
