/** The job `backup-database` and what restores: on a live SQLite file, and on PostgreSQL by its own tools. */
import { chmod, mkdir, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Generations } from '../../../src/crontabber/backup/generations.ts';
import { PostgresCopier } from '../../../src/crontabber/backup/postgres-copier.ts';
import { SqliteCopier } from '../../../src/crontabber/backup/sqlite-copier.ts';
import backupDatabase from '../../../src/crontabber/jobs/backup-database.ts';
import { KnownVersions } from '../../../src/crontabber/tables/known-versions.ts';
import type { Database } from '../../../src/database/contract.ts';
import { labelWith, POSTGRES_DEFAULTS } from '../../../src/database/postgres-settings.ts';
import { parsePostgresUrl } from '../../../src/database/postgres-url.ts';
import { findOnPath } from '../../../src/symbols/find-tool.ts';
import { asSuperuser, postgresMissing, rowsOf, scratchDatabase } from '../../build/postgres.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { benchFolder, dayEnding, openBench, runJob } from './job-bench.ts';

const tools = (process.env['PATH'] ?? '').split(delimiter);
const hasTools = (await findOnPath('pg_dump', tools)) !== undefined;

const version = (v: string) => ({ product: 'Fox', channel: 'release', version: v });
const sqliteCopier = (database: Database): SqliteCopier =>
  new SqliteCopier(database.label.slice('sqlite:'.length));

const backUp = (
  copier: object,
  backups: string,
  to = '2024-11-21T01:30:00Z',
  more: { readonly generations?: string; readonly signal?: AbortSignal } = {},
) =>
  runJob(backupDatabase, {
    period: dayEnding(to),
    ...(more.signal ? { signal: more.signal } : {}),
    settings: more.generations === undefined ? {} : { backup_database_generations: more.generations },
    services: { folders: { backups } as never, copier: copier as never },
  });

onEachDialect((dialect) => {
  const isHere = dialect.engine === 'sqlite' || hasTools;

  it.skipIf(!isHere)('copies while others write, keeps seven, and brings one back', async () => {
    const url = await dialect.fresh();
    const { openDatabase } = await import('../../../src/database/open.ts');
    const { migrate } = await import('../../../src/database/migrate.ts');
    const { silentLog } = await import('../../../src/lib/log.ts');
    const { JOB_DATA_MIGRATIONS } = await import('../../../src/crontabber/tables/migrations.ts');
    const database = await openDatabase(url, { log: silentLog });
    try {
      await migrate(database, JOB_DATA_MIGRATIONS);
      const copier = dialect.engine === 'sqlite' ? sqliteCopier(database) : postgresCopier(url);
      const folder = join(await benchFolder(), 'backups');
      const known = new KnownVersions(database);
      await known.saw([version('1.0')], ['2024-11-20', '2024-11-20']);
      let isRunning = true;
      const writing = (async () => {
        for (let i = 0; isRunning; i += 1) await known.saw([version(`${i}.1`)], ['2024-11-20', '2024-11-20']);
      })();
      for (let day = 10; day < 20; day += 1) await backUp(copier, folder, `2024-11-${day}T01:30:00Z`);
      isRunning = false;
      await writing;
      const names = (await readdir(folder)).sort();
      expect(names).toHaveLength(7);
      expect(names.map((name) => name.replace(/\.\w+$/, ''))).toEqual(
        [13, 14, 15, 16, 17, 18, 19].map((day) => `auxilio-2024-11-${day}T01-30-00Z`),
      );
      for (const name of names) expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
      // The same period again makes no other copy.
      const { mtimeMs } = await stat(join(folder, names.at(-1) as string));
      await backUp(copier, folder, '2024-11-19T01:30:00Z');
      expect((await stat(join(folder, names.at(-1) as string))).mtimeMs).toBe(mtimeMs);
      await known.saw([version('99.9')], ['2024-11-20', '2024-11-20']);
      const generations = new Generations(folder, copier);
      const [newest] = await generations.list();
      await copier.restoreFrom(newest?.path as string);
      const versions = (await known.list()).map((v) => v.version);
      expect(versions).toContain('1.0');
      expect(versions).not.toContain('99.9');
      // What is open goes on writing.
      await known.saw([version('2.0')], ['2024-11-20', '2024-11-20']);
      expect((await known.list()).map((v) => v.version)).toContain('2.0');
    } finally {
      await database.close();
    }
  });
});

describe('a copy of SQLite', () => {
  const sqlite = { engine: 'sqlite' as const };
  const bench = async () => {
    const path = join(await benchFolder(), 'auxilio.db');
    return openBench({
      ...sqlite,
      make: () => Promise.reject(new Error('no')),
      fresh: async () => `sqlite:${path}`,
    });
  };

  it('is not made of a damaged file, and costs no older copy', async () => {
    const database = await bench();
    const copier = sqliteCopier(database);
    const folder = join(await benchFolder(), 'backups');
    const many = Array.from({ length: 3000 }, (_, i) => version(`${i}.0`));
    await new KnownVersions(database).saw(many, ['2024-11-20', '2024-11-20']);
    for (let day = 10; day < 17; day += 1) await backUp(copier, folder, `2024-11-${day}T01:30:00Z`);
    const path = database.label.slice('sqlite:'.length);
    // Written back into the file first, then torn.
    const { sql } = await import('kysely');
    await sql`pragma wal_checkpoint(truncate)`.execute(database.tables<unknown>());
    const file = await open(path, 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(4096, 0xff), 0, 4096, Math.floor(size / 2 / 4096) * 4096);
    await file.close();
    await expect(backUp(copier, folder, '2024-11-17T01:30:00Z')).rejects.toMatchObject({ code: 'corrupt' });
    const names = (await readdir(folder)).sort();
    expect(names).toHaveLength(7);
    expect(names[0]).toContain('2024-11-10');
  });

  it('that is damaged is never restored', async () => {
    const database = await bench();
    const copier = sqliteCopier(database);
    await new KnownVersions(database).saw([version('1.0')], ['2024-11-20', '2024-11-20']);
    const folder = await benchFolder();
    const text = join(folder, 'auxilio-2024-11-10T01-30-00Z.db');
    await writeFile(text, 'not a database, but long enough to be taken for one '.repeat(200));
    await expect(copier.restoreFrom(text)).rejects.toThrow();
    await expect(copier.restoreFrom(join(folder, 'none.db'))).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual(['auxilio-2024-11-10T01-30-00Z.db']);
    expect(await new KnownVersions(database).list()).toHaveLength(1);
    // A copy of that name that is none is made anew.
    await backUp(copier, folder, '2024-11-10T01:30:00Z');
    await copier.verify(text);
  });

  it('leaves no half behind: an abort, and what a dead process left', async () => {
    const database = await bench();
    const folder = join(await benchFolder(), 'backups');
    await mkdir(folder);
    const abandoned = join(folder, 'auxilio-2024-11-01T01-30-00Z.db.0a1b.partial');
    await writeFile(abandoned, 'half');
    await utimes(abandoned, 1, 1);
    const another = 'auxilio-2024-11-02T01-30-00Z.db.2c3d.partial';
    await writeFile(join(folder, another), 'somebody is at it');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const stop = new AbortController();
    const slow = {
      ...{ label: 'x', extension: 'db', cannot: async () => undefined, size: async () => 0 },
      verify: () => Promise.reject(new Error('no')),
      async copyTo(path: string) {
        await writeFile(path, 'half');
        stop.abort();
        throw new DOMException('stopped', 'AbortError');
      },
    };
    await expect(backUp(slow, folder, undefined, { signal: stop.signal })).rejects.toThrow('stopped');
    expect((await readdir(folder)).sort()).toEqual([another, 'notes.txt']);
    await backUp(sqliteCopier(database), folder);
    expect((await readdir(folder)).sort()).toEqual([another, 'auxilio-2024-11-21T01-30-00Z.db', 'notes.txt']);
  });

  it('counts by when it was made: a job that ran late has an earlier time in its name', async () => {
    const database = await bench();
    const folder = join(await benchFolder(), 'backups');
    const copier = sqliteCopier(database);
    const generations = new Generations(folder, copier);
    const early = await generations.make(new Date('2024-11-21T02:00:00Z'));
    await utimes(early.path, 1_700_000_000, 1_700_000_000);
    await backUp(copier, folder, '2024-11-21T01:30:00Z');
    expect((await generations.list()).map(({ path }) => path)).toEqual([
      join(folder, 'auxilio-2024-11-21T01-30-00Z.db'),
      early.path,
    ]);
    expect(await generations.prune(1)).toEqual([early.path]);
  });

  it('is not begun when the disk has no room for it', async () => {
    const folder = join(await benchFolder(), 'backups');
    const huge = {
      label: 'x',
      extension: 'db',
      cannot: async () => undefined,
      size: async () => 2 ** 60,
      verify: () => Promise.reject(new Error('no')),
    };
    await expect(backUp(huge, folder)).rejects.toThrow('bytes free');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not made when nobody wants one', async () => {
    const database = await bench();
    const folder = join(await benchFolder(), 'backups');
    await backUp(sqliteCopier(database), folder, undefined, { generations: '0' });
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });
});

function postgresCopier(url: string, folders: readonly string[] = tools): PostgresCopier {
  const address = parsePostgresUrl(url, POSTGRES_DEFAULTS, labelWith('DATABASE'));
  return new PostgresCopier({ address, authority: '', schema: 'public', tools: folders });
}

describe('a copy of PostgreSQL', () => {
  it('is not made where there is no pg_dump, and the log says so', async () => {
    const folder = join(await benchFolder(), 'backups');
    const copier = postgresCopier('postgres://u:secret@127.0.0.1/none', [await benchFolder()]);
    const { lines } = await backUp(copier, folder);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', reason: expect.stringContaining('pg_dump is not installed') }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it.skipIf(postgresMissing !== undefined || !hasTools)(
    'has the tables of the database, and none of stores',
    async () => {
      const { url, drop } = await scratchDatabase();
      try {
        await asSuperuser(async (client) => {
          await client.query(
            'create table crontabber_thing (n int); insert into crontabber_thing values (1), (2)',
          );
          await client.query(
            'create table shop (n int); create schema auxilio_crashes; create table auxilio_crashes.raw (n int)',
          );
        }, url);
        const copier = postgresCopier(url);
        const file = join(await benchFolder(), 'copy.dump');
        await copier.copyTo(file);
        await asSuperuser(async (client) => {
          await client.query(
            'delete from crontabber_thing; insert into shop values (5); insert into auxilio_crashes.raw values (7)',
          );
        }, url);
        await copier.restoreFrom(file);
        expect(await rowsOf(url, 'select count(*)::int as n from crontabber_thing')).toEqual([{ n: 2 }]);
        expect(await rowsOf(url, 'select n from shop')).toEqual([{ n: 5 }]);
        expect(await rowsOf(url, 'select count(*)::int as n from auxilio_crashes.raw')).toEqual([{ n: 1 }]);
        // Half of it is no copy.
        await writeFile(file, (await readFile(file)).subarray(0, 900));
        await expect(copier.restoreFrom(file)).rejects.toMatchObject({ code: 'corrupt' });
      } finally {
        await drop();
      }
    },
  );

  it('gives its password to nobody who lists processes', async () => {
    const folder = await benchFolder();
    const seen = join(folder, 'seen');
    const fake = `#!/bin/sh\nprintf '%s\\n' "$@" > ${seen}\nexit 3\n`;
    for (const name of ['pg_dump', 'pg_restore']) {
      await writeFile(join(folder, name), fake);
      await chmod(join(folder, name), 0o755);
    }
    const copier = postgresCopier("postgres://u:se'cret@db.example/name", [folder]);
    await expect(copier.copyTo(join(folder, 'x'))).rejects.toThrow('pg_dump ended with 3');
    const text = await readFile(seen, 'utf8');
    expect(text).toContain("host='db.example'");
    expect(text).not.toContain('cret');
  });
});
