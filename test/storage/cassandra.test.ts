import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'cassandra-driver';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sleep } from '../../src/lib/abort.ts';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import type { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import { withConnection } from '../../src/storage/cassandra/connection.ts';
import type { CassandraOptions } from '../../src/storage/cassandra/settings.ts';
import { hashOf } from '../../src/storage/cassandra/tables.ts';
import {
  bytesOf,
  collect,
  DAY,
  dumpOf,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import {
  cassandraMissing,
  cassandraServer,
  dropKeyspace,
  makeKeyspace,
  openCassandra,
  strays,
} from '../build/cassandra.ts';

/** Megabytes of resident memory above what it was before. */
interface Measured {
  readonly bytes: number;
  readonly grown: number;
}

const MIB = 1024 * 1024;
const DIGITS = DAY.slice(2).replaceAll('-', '');

describe.skipIf(cassandraMissing)(
  `cassandra: what lies in the keyspace${cassandraMissing ? ` (skipped: ${cassandraMissing})` : ''}`,
  { timeout: 120_000 },
  () => {
    let options: CassandraOptions;
    let store: CassandraStorage;
    const opened: CassandraStorage[] = [];

    const query = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
      withConnection('crashes', options, work);
    const rows = (cql: string, parameters: readonly unknown[] = []) =>
      query(async (client) => (await client.execute(cql, [...parameters], { fetchSize: 50_000 })).rows);
    const openWith = async (more: Partial<CassandraOptions>): Promise<CassandraStorage> => {
      const other = await openCassandra({ ...options, ...more });
      opened.push(other);
      return other;
    };

    beforeAll(async () => {
      options = await makeKeyspace();
      store = await openCassandra(options);
    }, 180_000);
    afterEach(async () => {
      vi.useRealTimers();
      for (const other of opened.splice(0)) await other.close();
      expect(await strays(options)).toEqual([]);
    });
    afterAll(async () => {
      await store?.close();
      if (options) await dropKeyspace(options);
    }, 180_000);

    it('cuts a dump into chunks of 1 MB, 16 to a partition', async () => {
      const raw = rawCrash();
      const bytes = randomBytes(17 * MIB + 5);
      await store.saveReport(report(raw, textDump('a', 'small'), dumpOf('core', bytes)));
      const found = await rows('select upload, piece, part, size, bytes from chunk');
      expect(found).toHaveLength(19);
      const partitions = Map.groupBy(found, (row) => `${row['upload']} ${row['piece']}`);
      expect([...partitions.values()].map((chunks) => chunks.length).sort()).toEqual([16, 3]);
      for (const row of found) {
        expect(row['bytes']).toHaveLength(row['size']);
        expect(row['size']).toBeLessThanOrEqual(MIB);
      }
      expect((await bytesOf(await store.readDump(raw.id, 'core'))).equals(bytes)).toBe(true);
      expect((await bytesOf(await store.readDump(raw.id, 'a'))).toString()).toBe('small');
      expect(await store.remove(raw.id)).toBe(true);
      expect(await rows('select upload from chunk')).toEqual([]);
    });

    it('takes a dump in and gives it out without holding it', () => {
      const script = join(import.meta.dirname, 'cassandra-large-dump-process.ts');
      const asked = [script, cassandraServer().url, options.keyspace, '96'];
      const said = JSON.parse(execFileSync(process.execPath, asked, { encoding: 'utf8' })) as Measured;
      expect(said.bytes).toBe(96 * MIB);
      expect(said.grown).toBeLessThanOrEqual(64);
    });

    it('cuts raw and processed crashes that are larger than a chunk, and removes what they replace', async () => {
      // Random text is not compressed to less than three quarters.
      const long = (): string => randomBytes(2 * MIB).toString('base64');
      const raw = rawCrash({ Long: long() });
      const processed = processedCrash(raw.id, { long: long() });
      await store.saveReport(report(raw, textDump('core', 'x')));
      await store.saveProcessed(raw, processed);
      expect(await store.readRaw(raw.id)).toEqual(raw);
      expect(await store.readProcessed(raw.id)).toEqual(processed);
      expect((await bytesOf(await store.readDump(raw.id, 'core'))).toString()).toBe('x');
      expect((await rows('select part from chunk')).length).toBeGreaterThanOrEqual(5);
      await store.saveReport(report(rawCrash({}, raw.id)));
      await store.saveProcessed(raw, processedCrash(raw.id));
      expect(await rows('select part from chunk')).toEqual([]);
      expect(await rows('select version from manifest where owner = ?', [raw.id])).toHaveLength(2);
      await store.remove(raw.id);
    });

    it('spreads a day over its buckets, and reads the lists of any number that was ever set', async () => {
      const few = await openWith({ day_buckets: 3 });
      const one = await openWith({ day_buckets: 1 });
      const ids = Array.from({ length: 60 }, () => idOn(DAY));
      await mapConcurrent(ids.entries(), 8, async ([i, id]) => {
        await [store, few, one][i % 3]?.saveReport(report(rawCrash({}, id)));
        // Some are listed under two numbers.
        if (i % 10 === 0) await store.saveProcessed(rawCrash({}, id), processedCrash(id));
      });
      expect(
        new Set((await rows('select distinct day, buckets, bucket from entry')).map((r) => r['buckets'])),
      ).toEqual(new Set([1, 3, 16]));
      const listed = await collect(one.list(DAY));
      expect(listed).toHaveLength(60);
      expect(listed.toSorted()).toEqual(ids.toSorted());
      await mapConcurrent(ids, 8, (id) => few.remove(id));
      expect(await collect(store.list(DAY))).toEqual([]);
      expect(await rows('select id from entry')).toEqual([]);
    });

    it('pages through a bucket of many', async () => {
      const one = await openWith({ day_buckets: 1 });
      const raw = rawCrash();
      await one.saveReport(report(raw));
      const ids = Array.from({ length: 1500 }, () => idOn(DAY));
      const upload = (await rows('select upload from entry'))[0]?.['upload'];
      await query((client) =>
        mapConcurrent(ids, 32, (id) =>
          client.execute(
            'insert into entry (day, buckets, bucket, hash, id, upload) values (?, 1, 0, ?, ?, ?)',
            [DIGITS, hashOf(id), id, upload],
          ),
        ),
      );
      const listed = await collect(one.list(DAY));
      expect(listed).toHaveLength(1501);
      expect(new Set(listed)).toEqual(new Set([raw.id, ...ids]));
      let seen = 0;
      for await (const _ of one.list(DAY)) if (++seen === 1200) break;
      expect(seen).toBe(1200);
      await query((client) =>
        client.execute('delete from entry where day = ? and buckets = 1 and bucket = 0', [DIGITS]),
      );
      await one.remove(raw.id);
    });

    it.each([
      ['another byte', 'update chunk set bytes = 0x79', 'corrupt'],
      ['fewer bytes', 'update chunk set bytes = 0x', 'corrupt'],
      ['no chunk', 'delete from chunk', 'unavailable'],
    ])('reading ends with an error and not with its end where there is %s', async (_, change, code) => {
      const raw = rawCrash();
      await store.saveReport(report(raw, textDump('core', 'x')));
      await store.putBlob('key', textDump('blob', 'x'));
      for (const row of await rows('select upload, piece, part from chunk')) {
        const where = 'where upload = ? and piece = ? and part = ?';
        const key = [row['upload'], row['piece'], row['part']];
        await query((client) => client.execute(`${change} ${where}`, key));
      }
      await expect(bytesOf(await store.readDump(raw.id, 'core'))).rejects.toMatchObject({
        code,
        store: 'crashes',
      });
      await expect(bytesOf(await store.getBlob('key'))).rejects.toMatchObject({ code });
      await store.remove(raw.id);
      await store.removeBlob('key');
    });

    it('says corrupt of a document that is damaged', async () => {
      const raw = rawCrash();
      await store.saveReport(report(raw));
      const [row] = await rows('select version, upload from manifest where owner = ?', [raw.id]);
      await query((client) =>
        client.execute(
          "update manifest set document = 0x1f8b08 where owner = ? and kind = 'report' and version = ? and upload = ?",
          [raw.id, row?.['version'], row?.['upload']],
        ),
      );
      await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'corrupt' });
      await store.remove(raw.id);
    });

    it('lets everything expire together with a TTL, the chunks last', async () => {
      const hour = await openWith({ ttl: 3_600_000 });
      const raw = rawCrash();
      await hour.saveReport(report(raw, textDump('core', 'x')));
      const [manifest] = await rows('select ttl(dumps) from manifest where owner = ?', [raw.id]);
      const [chunk] = await rows('select ttl(bytes) from chunk');
      expect(Number(manifest?.values()[0])).toBeGreaterThan(3500);
      expect(Number(manifest?.values()[0])).toBeLessThanOrEqual(3600);
      expect(Number(chunk?.values()[0])).toBeGreaterThan(3600);
      await hour.remove(raw.id);

      const second = await openWith({ ttl: 1000 });
      const short = rawCrash();
      await second.saveReport(report(short));
      await second.saveProcessed(short, processedCrash(short.id));
      await sleep(2100);
      await expect(second.readRaw(short.id)).rejects.toMatchObject({ code: 'not_found' });
      await expect(second.readProcessed(short.id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await collect(second.list(DAY))).toEqual([]);
    });

    it('reads and writes with the levels that are set', async () => {
      const raw = rawCrash();
      await store.saveReport(report(raw));
      const writesToThree = await openWith({ write_consistency: 'three' });
      await expect(writesToThree.saveReport(report(rawCrash()))).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/3 required but only 1 alive/),
      });
      expect(await writesToThree.readRaw(raw.id)).toEqual(raw);
      const { read_consistency: _, ...others } = options;
      await expect(openWith({ ...others, read_consistency: 'two' })).rejects.toMatchObject({
        code: 'unavailable',
      });
      await store.remove(raw.id);
    });

    it('sends statements prepared', async () => {
      const other = await openWith({});
      const raw = rawCrash();
      await other.saveReport(report(raw, textDump('core', 'x')));
      await bytesOf(await other.readDump(raw.id, 'core'));
      await other.remove(raw.id);
      const known = (await rows('select logged_keyspace, query_string from system.prepared_statements'))
        .filter((row) => row['logged_keyspace'] === options.keyspace)
        .map((row) => String(row['query_string']));
      for (const verb of ['insert into', 'delete from'])
        for (const table of ['manifest', 'chunk', 'intent', 'entry'])
          expect(known.filter((text) => new RegExp(`^${verb} ${table}\\s`).test(text))).not.toEqual([]);
      expect(known.filter((text) => text.startsWith('select bytes from chunk'))).toHaveLength(1);
    });

    it('removes and replaces what a writer saved whose clock is ahead', async () => {
      const raw = rawCrash();
      vi.resetModules();
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
      // Times count up within a process: the writer of tomorrow has to be another copy of the program.
      const { openCassandra: openAhead } = await import('../build/cassandra.ts');
      const ahead = await openAhead(options);
      await ahead.saveReport(report(raw, textDump('core', 'old')));
      await ahead.close();
      vi.useRealTimers();
      const newer = rawCrash({ Newer: 'yes' }, raw.id);
      await store.saveReport(report(newer, textDump('core', 'new')));
      expect(await store.readRaw(raw.id)).toEqual(newer);
      expect((await bytesOf(await store.readDump(raw.id, 'core'))).toString()).toBe('new');
      expect(await strays(options)).toEqual([]);
      expect(await store.remove(raw.id)).toBe(true);
      await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await collect(store.list(DAY))).toEqual([]);
      await store.saveReport(report(raw));
      expect(await store.readRaw(raw.id)).toEqual(raw);
      await store.remove(raw.id);
    });

    it('refuses a blob key that no row can have', async () => {
      await expect(store.putBlob('x'.repeat(10_001), textDump('x', 'y'))).rejects.toMatchObject({
        code: 'invalid',
      });
    });

    it('lends its client, and shuts it down however the work ends', async () => {
      const clients: Client[] = [];
      const name = await query(async (client) => {
        clients.push(client);
        return (await client.execute('select release_version from system.local')).rows[0]?.[
          'release_version'
        ];
      });
      expect(name).toMatch(/^\d+\./);
      const failing = query((client) => {
        clients.push(client);
        return Promise.reject(new TypeError('mine'));
      });
      await expect(failing).rejects.toMatchObject({ code: 'internal', cause: { message: 'mine' } });
      for (const client of clients) {
        expect(client.getState().getConnectedHosts()).toEqual([]);
        await expect(client.execute('select * from system.local')).rejects.toThrow();
      }
    });
  },
);
