import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteFile } from '../../src/database/sqlite-file.ts';
import { runScript, scratchFolder } from './scratch.ts';

async function freshFile() {
  const path = join(await scratchFolder(), 'test.db');
  const file = await SqliteFile.open(path);
  onTestFinished(() => file.close());
  await file.write({ sql: 'create table row (name text primary key)' });
  return { path, file };
}

const insert = (name: string) => ({ sql: 'insert into row (name) values (?)', parameters: [name] });

async function names(file: SqliteFile): Promise<readonly unknown[]> {
  const { rows } = await file.query({ sql: 'select name from row order by name' });
  return rows.map(([name]) => name);
}

describe('group commit', () => {
  it('a unit that fails is undone alone', async () => {
    const { file } = await freshFile();
    const results = await Promise.allSettled([
      file.commit([insert('a')]),
      file.commit([insert('b'), insert('b')]),
      file.commit([insert('c')]),
      file.commit([insert('d'), { sql: 'nonsense' }]),
      file.commit([insert('e')]),
    ]);
    expect(results.map((r) => r.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await names(file)).toEqual(['a', 'c', 'e']);
  });

  it('aborted while it waits: nothing is written', async () => {
    const { file } = await freshFile();
    const tx = await file.begin();
    const controller = new AbortController();
    const waiting = file.commit([insert('never')], { signal: controller.signal });
    const other = file.commit([insert('other')]);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await tx.rollback();
    await other;
    expect(await names(file)).toEqual(['other']);
  });

  it('hundreds at once, larger than one group, each safe', async () => {
    const { file } = await freshFile();
    const many = Array.from({ length: 700 }, (_, i) => `n${i}`);
    await Promise.all(many.map((name) => file.commit([insert(name)])));
    expect(await names(file)).toHaveLength(700);
  });
});

describe('pages of a read', () => {
  it('no more than maxBytes, but one row at least, and says that there is more', async () => {
    const { file } = await freshFile();
    await file.commit(['a', 'b', 'c'].map((letter) => insert(letter.repeat(1000))));
    const page = (maxBytes: number) => file.query({ sql: 'select name from row' }, { maxBytes });
    expect(await page(2500)).toMatchObject({ more: true, rows: [expect.anything(), expect.anything()] });
    expect((await page(1)).rows).toHaveLength(1);
    expect(await page(3000)).toMatchObject({ more: false });
  });

  it('a read of bytes into memory that is too small is refused', async () => {
    const { file } = await freshFile();
    const statement = { sql: 'select zeroblob(100)' };
    const into = (size: number) => new Uint8Array(new SharedArrayBuffer(size));
    expect(await file.readBlob(statement, into(100))).toBe(100);
    await expect(file.readBlob(statement, into(99))).rejects.toMatchObject({ code: 'invalid' });
    expect(await file.readBlob({ sql: 'select 1 where false' }, into(1))).toBeUndefined();
  });
});

async function linesOf(source: AsyncIterable<string>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of source) lines.push(line);
  return lines;
}

describe('the log', () => {
  it('does not grow for ever while one read follows upon the other', async () => {
    const { path, file } = await freshFile();
    await file.write({ sql: 'create table blob (bytes blob)' });
    const count = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) ';
    let isOver = false;
    const read = async (): Promise<void> => {
      const sql = `${count} select count(*), (select count(*) from row) from n`;
      while (!isOver) await file.query({ sql });
    };
    const reads = Promise.all([read(), read(), read()]);
    const insertMegabyte = {
      sql: 'insert into blob (bytes) values (randomblob(1000000))',
    };
    for (let i = 0; i < 240; i += 1) await file.commit([insertMegabyte]);
    isOver = true;
    await reads;
    // Not 48: on a loaded machine a reader may be stopped for longer than the writer waits.
    expect((await stat(`${path}-wal`)).size).toBeLessThan(200 * 1024 ** 2);
  });

  it('does not keep writers waiting time and again for a reader that does not end', async () => {
    const { path, file } = await freshFile();
    await file.write({ sql: 'create table blob (bytes blob)' });
    for (let i = 0; i < 3; i += 1) await file.commit([insert(`r${i}`)]);
    const rows = file.stream({ sql: 'select name from row order by name' }, { count: 1 });
    await rows.next();
    for (let i = 0; i < 60; i += 1)
      await file.commit([{ sql: 'insert into blob (bytes) values (randomblob(1000000))' }]);
    expect((await rows.next()).value?.rows).toEqual([['r1']]);
    await rows.return(undefined);
    for (let i = 0; i < 3; i += 1) await file.commit([insert(`s${i}`)]);
    expect((await stat(`${path}-wal`)).size).toBeLessThan(64 * 1024 ** 2);
  }, 60_000);
});

describe('several processes', () => {
  it('two of them write into one file at once; each row is there', async () => {
    const { path, file } = await freshFile();
    await file.write({ sql: 'drop table row' });
    const writers = ['a', 'b'].map((who) => runScript('writer', path, who, '200'));
    const said = writers.map(({ lines }) => linesOf(lines));
    for (const { ended } of writers) expect(await ended).toBe(0);
    expect((await Promise.all(said)).map((lines) => lines.length)).toEqual([200, 200]);
    const { rows } = await file.query({ sql: 'select count(*), count(distinct name) from row' });
    expect(rows).toEqual([[400, 400]]);
  });

  it('kill -9 of a writer: what it said is there, and nothing is there by half', async () => {
    const { path, file } = await freshFile();
    await file.write({ sql: 'drop table row' });
    for (let round = 0; round < 5; round += 1) {
      const { child, lines, ended } = runScript('writer', path, `round${round}`, '1000000');
      const said: string[] = [];
      for await (const line of lines) {
        said.push(line);
        if (said.length === 20 + round * 37) child.kill('SIGKILL');
      }
      expect(await ended).toBe('SIGKILL');
      const { rows } = await file.query({
        sql: `select r.name, o.name is not null from row r left join other_half o on o.name = r.name
          where r.name like ?`,
        parameters: [`round${round}:%`],
      });
      const there = new Set(rows.map(([name]) => name));
      expect(said.filter((name) => !there.has(name))).toEqual([]);
      expect(rows.every(([, whole]) => whole === 1)).toBe(true);
    }
    const check = await file.query({ sql: 'pragma integrity_check' });
    expect(check.rows).toEqual([['ok']]);
  });
});
