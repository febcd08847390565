import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutcomeStore } from '../../src/collector/outcomes/database-outcomes.ts';
import type { UploadOutcome } from '../../src/collector/outcomes/outcome.ts';
import { type OutcomeBatch, PendingOutcomes } from '../../src/collector/outcomes/pending.ts';
import {
  DatabaseOutcomes,
  listOutcomes,
  OUTCOME_MIGRATIONS,
  OutcomeLog,
  totalOutcomes,
} from '../../src/collector/outcomes.ts';
import type { Database } from '../../src/database/contract.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import { onEachDialect, type Place } from '../database/dialects.ts';

const AT = new Date('2026-11-21T07:59:59.000Z');
const outcome = (change: Partial<UploadOutcome> = {}): UploadOutcome => ({
  at: AT,
  outcome: 'accepted',
  reason: 'accept_everything',
  product: 'Fenix',
  version: '1.0',
  ...change,
});
const later = (seconds: number): Date => new Date(AT.getTime() + seconds * 1000);
const HOUR_MS = 3_600_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auxilio-outcomes-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const settings = { outcomes_flush: HOUR_MS, outcomes_recent: 5, outcomes_keep: 10 * HOUR_MS };
const open = (store: OutcomeStore, file?: string, now: Date = AT): Promise<OutcomeLog> =>
  OutcomeLog.open({ store, file, log: silentLog, clock: { now: () => now }, settings });

/** Takes what it is given, or fails as a database that is down. */
class SwitchStore implements OutcomeStore {
  down = true;
  readonly batches: OutcomeBatch[] = [];

  async write(batch: OutcomeBatch): Promise<void> {
    if (this.down) throw new Error('down');
    this.batches.push(batch);
  }

  async prune(): Promise<void> {}
}

onEachDialect((dialect) =>
  describe('outcomes in the database', () => {
    let place: Place;
    let database: Database;
    beforeEach(async () => {
      place = await dialect.make();
      database = await openDatabase(place.url, { log: silentLog });
      await migrate(database, OUTCOME_MIGRATIONS);
    });
    afterEach(async () => {
      await database.close();
      await place.remove();
    });

    it('are counted by hour, and listed one by one, newest first', async () => {
      const log = await open(new DatabaseOutcomes(database));
      const crashId = createCrashId(AT);
      log.record(outcome({ crashId }));
      log.record(outcome());
      log.record(outcome({ at: later(1), outcome: 'rejected', reason: 'malformed_bad_gzip', product: '' }));
      await log.flush();
      log.record(outcome());
      await log.close();
      const { counts, recent } = await listOutcomes(database, { since: AT, limit: 10 });
      expect(counts).toEqual([
        {
          hour: '2026-11-21T07:00:00.000Z',
          outcome: 'accepted',
          reason: 'accept_everything',
          product: 'Fenix',
          count: 3,
        },
        {
          hour: '2026-11-21T08:00:00.000Z',
          outcome: 'rejected',
          reason: 'malformed_bad_gzip',
          product: '',
          count: 1,
        },
      ]);
      expect(recent).toHaveLength(4);
      expect(recent[0]).toMatchObject({ outcome: 'rejected', at: later(1).toISOString(), crashId: null });
      expect(recent.map((row) => row.crashId)).toContain(crashId);
      expect(await totalOutcomes(database, { since: AT })).toEqual([
        { outcome: 'accepted', reason: 'accept_everything', count: 3 },
        { outcome: 'rejected', reason: 'malformed_bad_gzip', count: 1 },
      ]);
    });

    it('are searched by time, outcome, reason and product', async () => {
      const log = await open(new DatabaseOutcomes(database));
      for (const product of ['A', 'B']) {
        log.record(outcome({ product }));
        log.record(outcome({ product, at: later(10), outcome: 'truncated', reason: 'dump_size' }));
      }
      await log.close();
      const find = async (query: object) =>
        (await listOutcomes(database, { since: AT, limit: 10, ...query })).recent
          .map((r) => `${r.product} ${r.reason}`)
          .sort();
      expect(await find({ product: 'A' })).toEqual(['A accept_everything', 'A dump_size']);
      expect(await find({ outcome: 'truncated' })).toEqual(['A dump_size', 'B dump_size']);
      expect(await find({ reason: 'dump_size', product: 'B' })).toEqual(['B dump_size']);
      expect(await find({ since: later(1) })).toEqual(['A dump_size', 'B dump_size']);
      expect(await find({ until: later(1) })).toEqual(['A accept_everything', 'B accept_everything']);
      expect(await find({ limit: 1 })).toHaveLength(1);
    });

    it('are pruned: single ones beyond the newest, counts beyond their time', async () => {
      const first = await open(new DatabaseOutcomes(database));
      for (let i = 0; i < 8; i += 1) first.record(outcome({ at: later(i) }));
      await first.close();
      const second = await open(new DatabaseOutcomes(database), undefined, later(24 * 3600));
      await second.close();
      const { counts, recent } = await listOutcomes(database, { since: later(-7200), limit: 100 });
      expect(recent.map((row) => row.at)).toEqual([7, 6, 5, 4, 3].map((s) => later(s).toISOString()));
      expect(counts).toEqual([]);
    });
  }),
);

describe('outcomes without a database', () => {
  it('wait in a file over a restart, and are written once when it is back', async () => {
    const file = join(folder, 'outcomes.json');
    const store = new SwitchStore();
    const first = await open(store, file);
    first.record(outcome());
    await first.flush();
    first.record(outcome());
    await first.close();
    expect(existsSync(file)).toBe(true);
    const second = await open(store, file);
    second.record(outcome());
    store.down = false;
    await second.close();
    expect(existsSync(file)).toBe(false);
    expect(store.batches).toHaveLength(1);
    expect(store.batches[0]?.counts.map((row) => row.count)).toEqual([3]);
    expect(store.batches[0]?.recent).toHaveLength(3);
  });

  it('are not written to the file again at each try while the database is down, but at the end', async () => {
    const file = join(folder, 'outcomes.json');
    const store = new SwitchStore();
    let now = AT;
    const clock = { now: () => now };
    const log = await OutcomeLog.open({ store, file, log: silentLog, clock, settings });
    const inFile = async (): Promise<number> => {
      const { counts } = JSON.parse(await readFile(file, 'utf8')) as OutcomeBatch;
      return counts.reduce((sum, { count }) => sum + count, 0);
    };
    const one = async (): Promise<number> => {
      log.record(outcome());
      await log.flush();
      return inFile();
    };
    expect([await one(), await one(), await one()]).toEqual([1, 1, 1]);
    now = later(5);
    expect([await one(), await one()]).toEqual([4, 4]);
    await log.close();
    expect(await inFile()).toBe(5);
  });

  it('use bounded memory, and what does not fit is counted as lost', () => {
    let lost = 0;
    const pending = new PendingOutcomes(100, (count) => {
      lost += count;
    });
    const total = 60_000;
    for (let i = 0; i < total; i += 1) {
      pending.add(outcome({ product: `p${i}`, at: later(60 * i) }));
    }
    const { counts, recent } = pending.peek();
    expect(counts.length).toBeLessThanOrEqual(20_000);
    expect(recent.length).toBeLessThanOrEqual(200);
    expect(recent.at(-1)?.product).toBe(`p${total - 1}`);
    expect(lost).toBeGreaterThan(0);
    expect(counts.reduce((sum, row) => sum + row.count, 0) + lost).toBe(total);
  });

  it('count products that clients make up together', () => {
    const pending = new PendingOutcomes(100, () => undefined);
    for (let i = 0; i < 5000; i += 1) pending.add(outcome({ product: `p${i}` }));
    const { counts } = pending.peek();
    expect(counts).toHaveLength(301);
    expect(counts.find((row) => row.product === '(other)')?.count).toBe(4700);
  });
});
