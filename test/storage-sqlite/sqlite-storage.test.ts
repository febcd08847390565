import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sqliteDatabase } from '../../src/database/sqlite-database.ts';
import { SqliteFile } from '../../src/database/sqlite-file.ts';
import type { SqlValue } from '../../src/database/sqlite-protocol.ts';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { publicField } from '../../src/search/fields.ts';
import {
  bytesOf,
  collect,
  dumpOf,
  generatedDump,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { columnOf } from '../../src/storage/sql-search/field-columns.ts';
import { Predicates } from '../../src/storage/sql-search/predicates.ts';
import sqlite from '../../src/storage/sqlite/index.ts';
import { SQLITE } from '../../src/storage/sqlite/search-dialect.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { leafContext } from '../build/leaf.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'auxilio-sqlite-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function opened(path: string): Promise<SqliteStorage> {
  const store = await SqliteStorage.open('crashes', { file: path });
  onTestFinished(() => store.close());
  return store;
}

/** The store, and the file beneath it: a second handle on the same threads. */
async function fresh() {
  const path = join(await folder(), 'crashes.db');
  const store = await opened(path);
  const file = await SqliteFile.open(path);
  onTestFinished(() => file.close());
  const count = async (table: string): Promise<unknown> =>
    (await file.query({ sql: `select count(*) from ${table}` })).rows[0]?.[0];
  return { path, store, file, count };
}

const on = (day: string): CrashId => createCrashId(new Date(`${day}T12:00:00Z`));

describe('opening', () => {
  it('puts the file into the data directory under the name of the store, or where it is told', async () => {
    const dataDir = await folder();
    const context = leafContext('index', dataDir);
    const store = await sqlite.open({}, context);
    await store.close();
    await stat(join(dataDir, 'index.db'));
    const other = await sqlite.open({ file: join(dataDir, 'deep', 'other.db') }, context);
    await other.close();
    await stat(join(dataDir, 'deep', 'other.db'));
  });

  it('a damaged file: corrupt, and what to do', async () => {
    const path = join(await folder(), 'crashes.db');
    await writeFile(path, 'x'.repeat(10_000));
    const opening = SqliteStorage.open('crashes', { file: path });
    await expect(opening).rejects.toMatchObject({ code: 'corrupt', store: 'crashes' });
    await expect(opening).rejects.toThrow(/stop Auxilio, keep a copy, then restore a backup/);
  });
});

describe('damage', () => {
  it('of one document is that crash’s alone: corrupt', async () => {
    const { store, file } = await fresh();
    const [bad, good] = [rawCrash(), rawCrash()];
    for (const raw of [bad, good]) await store.saveProcessed(raw, processedCrash(raw.id));
    await file.write({
      sql: 'update document set bytes = ? where n = (select n from crash where id = ?)',
      parameters: [Buffer.from('nonsense'), bad.id],
    });
    await expect(store.readProcessed(bad.id)).rejects.toMatchObject({ code: 'corrupt' });
    expect(await store.readProcessed(good.id)).toEqual(processedCrash(good.id));
  });
});

describe('a full disk', () => {
  it('is full, retryable, leaves nothing by half, and is over when there is room', async () => {
    const { store, file, count } = await fresh();
    const pages = Number((await file.query({ sql: 'pragma page_count' })).rows[0]?.[0]);
    await file.write({ sql: `pragma max_page_count = ${pages + 20}` });
    const raw = rawCrash();
    const large = report(raw, textDump('small', 'x'), textDump('large', 'y'.repeat(3_000_000)));
    await expect(store.saveReport(large)).rejects.toMatchObject({ code: 'full', retryable: true });
    await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    for (const table of ['raw', 'dump', 'dump_chunk', 'staging']) expect(await count(table), table).toBe(0);
    await file.write({ sql: 'pragma max_page_count = 1000000' });
    await store.saveReport(large);
    expect((await bytesOf(await store.readDump(raw.id, 'large'))).length).toBe(3_000_000);
  });
});

describe('a report so large that its chunks are written ahead', () => {
  const size = 5_000_000;

  it('leaves nothing when its last bytes do not come, or when it is aborted', async () => {
    const { store, count } = await fresh();
    const controller = new AbortController();
    const broken = (end: () => void) =>
      generatedDump('core', size, function* () {
        for (let i = 0; i < 49; i += 1) yield Buffer.alloc(100_000, i);
        end();
      });
    const fails = store.saveReport(
      report(
        rawCrash(),
        broken(() => {
          throw new Error('gone');
        }),
      ),
    );
    await expect(fails).rejects.toMatchObject({ code: 'internal' });
    const aborted = store.saveReport(
      report(
        rawCrash(),
        broken(() => controller.abort()),
      ),
      {
        signal: controller.signal,
      },
    );
    await expect(aborted).rejects.toMatchObject({ code: expect.stringMatching(/aborted|invalid/) });
    for (const table of ['raw', 'dump', 'dump_chunk', 'staging']) expect(await count(table), table).toBe(0);
  });

  it('comes back byte for byte, and replaces what was there', async () => {
    const { store, count } = await fresh();
    const raw = rawCrash();
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
    await store.saveReport(report(raw, dumpOf('core', Buffer.alloc(size))));
    const chunks = await count('dump_chunk');
    await store.saveReport(report(raw, dumpOf('core', bytes)));
    expect((await bytesOf(await store.readDump(raw.id, 'core'))).equals(bytes)).toBe(true);
    expect(await count('dump_chunk')).toBe(chunks);
  });
});

describe('uploads that died in the making', () => {
  it('are swept a day later, and not before', async () => {
    const { path, store, file, count } = await fresh();
    const stage = (upload: number, hours: number) => [
      {
        sql: 'insert into staging (upload, started_ms) values (?, ?)',
        parameters: [upload, Date.now() - hours * 3_600_000],
      },
      {
        sql: 'insert into dump_chunk (upload, item, part, bytes) values (?, 0, 0, ?)',
        parameters: [upload, Buffer.from('x')],
      },
    ];
    await file.commit([...stage(1, 25), ...stage(2, 23)]);
    await store.close();
    await opened(path);
    expect(await count('staging')).toBe(1);
    expect((await file.query({ sql: 'select upload from dump_chunk' })).rows).toEqual([[2]]);
  });
});

describe('dropBefore', () => {
  it('takes raw crashes and dumps along, those without a processed crash too, and gives the space back', async () => {
    const { store, count, file } = await fresh();
    await store.applyFields(FIELDS);
    const days = ['2026-11-18', '2026-11-19', '2026-11-20'];
    for (const day of days) {
      const raw = { ...rawCrash({}, on(day)), receivedAt: `${day}T12:00:00.000Z` };
      await store.saveReport(report(raw, textDump('d', 'x'.repeat(2_000_000))));
      const date_processed = `${day}T12:00:00.000Z`;
      if (day !== '2026-11-19') await store.saveProcessed(raw, processedCrash(raw.id, { date_processed }));
    }
    const pages = async () => Number((await file.query({ sql: 'pragma page_count' })).rows[0]?.[0]);
    const before = await pages();
    expect(await store.dropBefore('2026-11-20')).toEqual(['2026-11-18', '2026-11-19']);
    for (const table of ['raw', 'dump', 'crash', 'document']) expect(await count(table), table).toBe(1);
    expect(await pages()).toBeLessThan(before / 2);
    expect(await collect(store.list('2026-11-18'))).toEqual([]);
    expect(await collect(store.list('2026-11-20'))).toHaveLength(1);
  });
});

describe('fields', () => {
  it('added by another store on the same file are found', async () => {
    const { path, store } = await fresh();
    await store.applyFields(FIELDS);
    const other = await opened(path);
    await other.applyFields([publicField('colour', 'keyword', 'Colour.')]);
    const raw = rawCrash();
    await other.saveProcessed(raw, processedCrash(raw.id, { colour: 'red' }));
    const period = { from: new Date('2026-11-21T00:00:00Z'), to: new Date('2026-11-22T00:00:00Z') };
    const { hits } = await store.search({ ...period, filters: [], columns: ['colour'] });
    expect(hits).toEqual([{ colour: 'red' }]);
  });

  it('a signature within a period is looked up by an index, not by reading everything', async () => {
    const { store, file } = await fresh();
    await store.applyFields(FIELDS);
    const fields = new Map(FIELDS.map((f) => [f.name, columnOf(f)]));
    const filters = [{ field: 'signature', operator: 'is' as const, values: ['a', 'b'] }];
    const query = { from: new Date(0), to: new Date(1), filters };
    const condition = new Predicates('crashes', SQLITE).where(query, fields);
    const { sql: text, parameters } =
      sql`explain query plan select count(*) from crash as c where ${condition}`.compile(
        sqliteDatabase(file).tables(),
      );
    const { rows } = await file.query({ sql: text, parameters: parameters as SqlValue[] });
    expect(rows.map((row) => row.at(-1))).toEqual([
      expect.stringContaining('INDEX crash_signature (t_signature=?'),
    ]);
  });
});

describe('kill -9', () => {
  it('of a process that saves: what it said is whole, and nothing else is readable by half', async () => {
    const path = join(await folder(), 'crashes.db');
    const script = join(import.meta.dirname, 'processes', 'crash-writer.ts');
    for (const after of [3, 8, 15]) {
      const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      const said: CrashId[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        said.push(line as CrashId);
        if (said.length === after) child.kill('SIGKILL');
      }
      await ended;
      const store = await SqliteStorage.open('crashes', { file: path });
      for (const id of said) expect((await store.readProcessed(id)).id).toBe(id);
      const there = await collect(store.list('2026-11-21'));
      expect(there).toEqual(expect.arrayContaining(said));
      for (const id of there) {
        expect((await store.listDumps(id)).map((d) => d.name)).toEqual(['large', 'small']);
        expect(
          (await bytesOf(await store.readDump(id, 'large'))).equals(Buffer.from(id.repeat(80_000))),
        ).toBe(true);
      }
      await store.close();
    }
  });
});
