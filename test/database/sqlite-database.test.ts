/** What is SQLite's own: one file that several share, one writer at a time, files that are damaged, moved or forbidden. */
import { chmod, mkdir, open as openFile, rename, stat, writeFile } from 'node:fs/promises';
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
  it('keeps bytes as bytes', async () => {
    const { db } = await freshDatabase();
    const bytes = new Uint8Array([0, 255, 1]);
    const { rows } = await sql<{ b: Uint8Array }>`select ${bytes} as b`.execute(db);
    expect(new Uint8Array(rows[0]?.b ?? [])).toEqual(bytes);
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
});

describe('what goes wrong', () => {
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
