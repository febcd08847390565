/** Transaction executors: none, limited, infinite; what is tried again, and what is undone. */
import type { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { DatabaseError } from '../../src/database/errors.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import {
  AbandonTransaction,
  type TransactionOptions,
  transactionExecutor,
} from '../../src/database/transactions.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type Dialect, onEachDialect } from './dialects.ts';

interface Tables {
  readonly thing: { readonly name: string };
}

async function bench(dialect: Dialect, options: Partial<TransactionOptions> = {}) {
  const database = await openDatabase(await dialect.fresh(), { log: silentLog });
  onTestFinished(() => database.close());
  await migrate(database, [
    {
      name: 'test/thing',
      up: (db) =>
        db.schema
          .createTable('thing')
          .addColumn('name', 'text', (c) => c.primaryKey())
          .execute(),
    },
  ]);
  const waits: number[] = [];
  const lines: unknown[] = [];
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    warn: (line: unknown) => void lines.push(line),
  });
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  const executor = transactionExecutor(database, { kind: 'limited', log, wait, ...options });
  const add = (tx: Kysely<unknown>, name: string) =>
    (tx as Kysely<Tables>).insertInto('thing').values({ name }).execute();
  const names = async () =>
    (await database.tables<Tables>().selectFrom('thing').select('name').execute()).map(({ name }) => name);
  return { executor, add, names, waits, lines };
}

const down = (): DatabaseError => new DatabaseError('unavailable', 'down');

onEachDialect((dialect) => {
  it('commits what resolves, undoes what throws, which is not tried again', async () => {
    const { executor, add, names, waits } = await bench(dialect);
    const seven = async (tx: Kysely<unknown>): Promise<number> => {
      await add(tx, 'a');
      return 7;
    };
    expect(await executor.run(seven, { name: 't' })).toBe(7);
    const work = async (tx: Kysely<unknown>) => {
      await add(tx, 'b');
      throw new TypeError('no');
    };
    await expect(executor.run(work, { name: 't' })).rejects.toThrow(TypeError);
    // A constraint is nothing that passes.
    await expect(executor.run((tx) => add(tx, 'a'), { name: 't' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await names()).toEqual(['a']);
    expect(waits).toEqual([]);
  });

  it('limited: five delays, in steps of ten seconds, each with a line, then the last error; each attempt anew', async () => {
    const { executor, add, names, waits, lines } = await bench(dialect);
    let attempts = 0;
    const work = async (tx: Kysely<unknown>) => {
      attempts += 1;
      await add(tx, 'a');
      throw down();
    };
    await expect(executor.run(work, { name: 't' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(attempts).toBe(6);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(520_000);
    expect(Math.max(...waits)).toBe(10_000);
    expect(lines).toHaveLength(waits.length);
    expect(await names()).toEqual([]);
  });

  it('infinite: goes on until it works; none: never tries again', async () => {
    const infinite = await bench(dialect, { kind: 'infinite', delaysMs: [1, 2] });
    let failures = 9;
    const work = async (tx: Kysely<unknown>) => {
      await infinite.add(tx, 'a');
      failures -= 1;
      if (failures > 0) throw down();
    };
    await infinite.executor.run(work, { name: 't' });
    expect(await infinite.names()).toEqual(['a']);
    expect(infinite.waits).toEqual([1, 2, 2, 2, 2, 2, 2, 2]);
    const none = await bench(dialect, { kind: 'none' });
    await expect(none.executor.run(async () => Promise.reject(down()), { name: 't' })).rejects.toThrow(
      'down',
    );
    expect(none.waits).toEqual([]);
  });

  it('an abandoned one is undone, and no error', async () => {
    const { executor, add, names } = await bench(dialect);
    const work = async (tx: Kysely<unknown>) => {
      await add(tx, 'a');
      throw new AbandonTransaction('never mind');
    };
    expect(await executor.run(work, { name: 't' })).toBeUndefined();
    expect(await names()).toEqual([]);
  });

  it('ends its waiting when the caller or the process does', async () => {
    const caller = new AbortController();
    const { executor } = await bench(dialect, { kind: 'infinite', delaysMs: [60_000], wait: undefined });
    const waiting = executor.run(async () => Promise.reject(down()), { name: 't', signal: caller.signal });
    setTimeout(() => caller.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    const quit = new AbortController();
    const ending = await bench(dialect, {
      kind: 'infinite',
      delaysMs: [60_000],
      wait: undefined,
      quit: quit.signal,
    });
    const stopped = ending.executor.run(async () => Promise.reject(down()), { name: 't' });
    setTimeout(() => quit.abort(), 20);
    await expect(stopped).rejects.toThrow('down');
  });
});
