import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { types } from 'cassandra-driver';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import { withConnection } from '../../src/storage/cassandra/connection.ts';
import { type Intent, IntentTable, LEASE_MS, slotOf } from '../../src/storage/cassandra/intents.ts';
import { micros, Session } from '../../src/storage/cassandra/session.ts';
import type { CassandraOptions } from '../../src/storage/cassandra/settings.ts';
import { sweep } from '../../src/storage/cassandra/upkeep.ts';
import {
  bytesOf,
  collect,
  DAY,
  generatedDump,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import {
  cassandraContext,
  cassandraMissing,
  cassandraServer,
  dropKeyspace,
  makeKeyspace,
  openCassandra,
  strays,
} from '../build/cassandra.ts';

const MIB = 1024 * 1024;
const later = (): Date => new Date(Date.now() + 2 * LEASE_MS);
const nothing = { found: 0, bytes: 0, removed: 0 };

describe.skipIf(cassandraMissing)(
  `cassandra: sweep${cassandraMissing ? ` (skipped: ${cassandraMissing})` : ''}`,
  { timeout: 120_000 },
  () => {
    let options: CassandraOptions;
    let store: CassandraStorage;
    beforeAll(async () => {
      options = await makeKeyspace();
      store = await openCassandra(options);
    }, 180_000);
    afterEach(() => void vi.useRealTimers());
    afterAll(async () => {
      await store?.close();
      if (options) await dropKeyspace(options);
    }, 180_000);

    const putIntent = (intent: Intent): Promise<void> =>
      withConnection('crashes', options, (client) =>
        new IntentTable(new Session(client, options)).put(intent),
      );
    const rows = (cql: string, parameters: readonly unknown[] = []) =>
      withConnection('crashes', options, async (client) => (await client.execute(cql, [...parameters])).rows);

    /** A save that waits for `go` with half of its dump. */
    function saveInHand() {
      const go = Promise.withResolvers<void>();
      const started = Promise.withResolvers<void>();
      const raw = rawCrash();
      const dump = generatedDump('core', 3 * MIB, async function* () {
        yield Buffer.alloc(2 * MIB, 1);
        started.resolve();
        await go.promise;
        yield Buffer.alloc(MIB, 2);
      });
      const saving = store.saveReport(report(raw, dump));
      saving.catch(() => undefined);
      return { raw, saving, started: started.promise, go: go.resolve };
    }

    it('finds and removes what a killed writer left, and nothing else', async () => {
      const kept = rawCrash();
      await store.saveReport(report(kept, textDump('core', 'kept')));
      const script = join(import.meta.dirname, 'cassandra-writer-process.ts');
      const writer = spawn(process.execPath, [script, cassandraServer().url, options.keyspace], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(writer.stdout, 'data');
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      expect((await strays(options)).length).toBeGreaterThan(16);
      expect(await collect(store.list(DAY))).toEqual([kept.id]);

      expect(await store.sweep({ olderThanMs: 0, dryRun: false })).toEqual(nothing);
      expect(await store.sweep({ olderThanMs: 86_400_000, dryRun: false, now: later() })).toEqual(nothing);
      const there = { found: 1, bytes: 18 * MIB };
      expect(await store.sweep({ olderThanMs: 0, dryRun: true, now: later() })).toEqual({
        ...there,
        removed: 0,
      });
      expect(await store.sweep({ olderThanMs: 0, dryRun: false, now: later() })).toEqual({
        ...there,
        removed: 1,
      });
      expect(await strays(options)).toEqual([]);
      expect(await store.sweep({ olderThanMs: 0, dryRun: false, now: later() })).toEqual(nothing);
      expect((await bytesOf(await store.readDump(kept.id, 'core'))).toString()).toBe('kept');
      await store.remove(kept.id);
    }, 120_000);

    it('does not touch a write in hand', async () => {
      const { raw, saving, started, go } = saveInHand();
      await started;
      const swept = await sweep(options, cassandraContext, { olderThanMs: 0, dryRun: false });
      expect(swept).toEqual(nothing);
      go();
      await saving;
      expect(await bytesOf(await store.readDump(raw.id, 'core'))).toHaveLength(3 * MIB);
      expect(await strays(options)).toEqual([]);
      await store.remove(raw.id);
    });

    it('renews a write that takes longer than the lease', async () => {
      vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
      const { raw, saving, started, go } = saveInHand();
      await started;
      for (let minute = 0; minute < 10; minute += 1) {
        await vi.advanceTimersByTimeAsync(60_000);
        const touched = async (): Promise<number> =>
          Number((await rows('select touched from intent'))[0]?.['touched']);
        await vi.waitFor(async () => expect(Date.now() - (await touched())).toBeLessThan(60_000), {
          timeout: 5000,
        });
      }
      expect(await store.sweep({ olderThanMs: 0, dryRun: false })).toEqual(nothing);
      go();
      await saving;
      expect(await bytesOf(await store.readDump(raw.id, 'core'))).toHaveLength(3 * MIB);
      await store.remove(raw.id);
    });

    it('a writer that stood still for longer than its lease gives up: its parts may be gone', async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const { raw, saving, started, go } = saveInHand();
      await started;
      vi.setSystemTime(Date.now() + LEASE_MS);
      go();
      await expect(saving).rejects.toMatchObject({ code: 'unavailable' });
      await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await strays(options)).toEqual([]);
    });

    it('finishes what a writer did not that died after its manifest', async () => {
      const old = rawCrash();
      const raw = rawCrash({ Newer: 'yes' }, old.id);
      await store.saveReport(report(old, textDump('core', 'old bytes')));
      const [before] = await rows('select * from manifest where owner = ?', [old.id]);
      await store.saveReport(report(raw, textDump('core', 'new')));
      const [after] = await rows('select * from manifest where owner = ?', [old.id]);
      // As it was before the second save cleared up: the old version with its bytes, no entry, an intent.
      const upload = types.Uuid.random();
      const written = micros();
      const touched = new Date(Date.now() - 60_000);
      await withConnection('crashes', options, async (client) => {
        const run = (cql: string, ...parameters: readonly unknown[]) => client.execute(cql, [...parameters]);
        await run(
          `insert into manifest (owner, kind, version, upload, written, chunks, buckets, document, dumps)
          values (?, 'report', ?, ?, ?, 1, 16, ?, '[]')`,
          ...[old.id, before?.['version'], upload, written, before?.['document']],
        );
        await run(
          'insert into chunk (upload, piece, part, size, bytes) values (?, 0, 0, 3, 0x616263)',
          upload,
        );
      });
      await putIntent({
        upload: after?.['upload'],
        owner: old.id,
        kind: 'report',
        written,
        chunks: 1,
        buckets: 16,
        slot: slotOf(touched),
        touched,
      });
      expect(await store.sweep({ olderThanMs: 0, dryRun: false, now: later() })).toEqual({
        found: 1,
        bytes: 3,
        removed: 1,
      });
      expect(await strays(options)).toEqual([]);
      expect(await store.readRaw(raw.id)).toEqual(raw);
      expect((await bytesOf(await store.readDump(raw.id, 'core'))).toString()).toBe('new');
      expect(await collect(store.list(DAY))).toEqual([raw.id]);
      await store.remove(raw.id);
    });

    it('lists a saved crash whose writer died before its entry', async () => {
      const raw = rawCrash();
      await store.saveReport(report(raw));
      const [manifest] = await rows('select * from manifest where owner = ?', [raw.id]);
      const written = micros();
      const touched = new Date();
      await withConnection('crashes', options, (client) =>
        client.execute('truncate entry', [], { prepare: false }),
      );
      expect(await collect(store.list(DAY))).toEqual([]);
      const key = { upload: manifest?.['upload'], owner: raw.id, kind: 'report', written } as const;
      await putIntent({ ...key, chunks: 0, buckets: 16, slot: slotOf(touched), touched });
      expect(await store.sweep({ olderThanMs: 0, dryRun: false, now: later() })).toEqual(nothing);
      expect(await collect(store.list(DAY))).toEqual([raw.id]);
      await store.remove(raw.id);
      expect(await strays(options)).toEqual([]);
    });

    it('reads the intents since the last sweep, not all of them', async () => {
      await store.sweep({ olderThanMs: 0, dryRun: false });
      const [meta] = await rows("select value from meta where name = 'swept'");
      expect(Date.now() - Number(meta?.['value'])).toBeLessThan(2 * 3_600_000);
      const stop = AbortSignal.abort();
      await expect(store.sweep({ olderThanMs: 0, dryRun: false, signal: stop })).rejects.toMatchObject({
        code: 'aborted',
      });
    });
  },
);
