import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { SqliteStatement } from '../../src/database/sqlite-statement.ts';

describe.each([
  ['this Node', false],
  ['Node 22.13, which gives rows as objects', true],
])('a statement on %s', (_title, isOld) => {
  const db = new DatabaseSync(':memory:');
  db.exec("create table t (b text, a integer); insert into t values ('x', 1), (null, 2)");

  it.each([
    ['select b, a from t order by a', true],
    ['with c as (select 1 as n) select n from c', true],
    ['values (1)', true],
    ["insert into t values ('r', 9) returning b", true],
    ['pragma user_version', true],
    ['delete from t where a = 9', false],
    ["update t set b = 'x' where a = 1", false],
  ])('%s: returns rows: %s', (sql, returnsRows) => {
    expect(new SqliteStatement(db, sql, isOld).returnsRows).toBe(returnsRows);
  });

  it('gives rows as arrays in the order of the columns, and counts changes', () => {
    const rows = new SqliteStatement(db, 'select b, a from t where a < ? order by a', isOld).iterate([3]);
    expect([...rows]).toEqual([
      ['x', 1],
      [null, 2],
    ]);
    expect(rows.columns).toEqual(['b', 'a']);
    expect(new SqliteStatement(db, 'update t set a = a where a < 3', isOld).run([]).changes).toBe(2);
  });
});
