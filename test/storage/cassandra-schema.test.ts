import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { withConnection } from '../../src/storage/cassandra/connection.ts';
import type { CassandraOptions } from '../../src/storage/cassandra/settings.ts';
import { init, wipe } from '../../src/storage/cassandra/upkeep.ts';
import { collect, DAY, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import {
  cassandraContext,
  cassandraMissing,
  cassandraOptions,
  dropKeyspace,
  makeKeyspace,
  openCassandra,
} from '../build/cassandra.ts';

describe.skipIf(cassandraMissing)(
  `cassandra: init and wipe${cassandraMissing ? ` (skipped: ${cassandraMissing})` : ''}`,
  { timeout: 120_000 },
  () => {
    const made: CassandraOptions[] = [];
    const fresh = (more: Readonly<Record<string, unknown>> = {}): CassandraOptions => {
      const options = cassandraOptions(more);
      made.push(options);
      return options;
    };
    const run = (options: CassandraOptions, cql: string, parameters: readonly unknown[] = []) =>
      withConnection('crashes', options, (client) =>
        client.execute(cql, [...parameters], { prepare: parameters.length > 0 }),
      );
    afterEach(async () => {
      for (const options of made.splice(0)) await dropKeyspace(options);
    });

    it('says which command to run when keyspace or schema is missing', async () => {
      const options = fresh();
      await expect(openCassandra(options)).rejects.toMatchObject({
        code: 'invalid',
        message: `crashes: there is no keyspace ${options.keyspace} (keyspace); run: auxilio store init crashes --create-database [invalid]`,
      });
      const tablesOnly = init(options, cassandraContext, { createDatabase: false });
      await expect(tablesOnly).rejects.toThrow(/run: auxilio store init crashes --create-database/);
      await withConnection(
        'crashes',
        options,
        (client) =>
          client.execute(
            `create keyspace "${options.keyspace}" with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
            [],
            { prepare: false },
          ),
        { keyspace: false },
      );
      await expect(openCassandra(options)).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/run: auxilio store init crashes \[invalid\]$/),
      });
      expect(await init(options, cassandraContext, { createDatabase: false })).toEqual([
        `keyspace ${options.keyspace}: schema of version 1`,
      ]);
      await (await openCassandra(options)).close();
    });

    it('tells an older schema from a newer one', async () => {
      const options = await makeKeyspace();
      made.push(options);
      const setVersion = (version: string) =>
        run(options, "insert into meta (name, value) values ('schema', ?)", [version]);
      await setVersion('0');
      await expect(openCassandra(options)).rejects.toThrow(
        /of version 0 and should be 1; run: auxilio store init crashes/,
      );
      await setVersion('99');
      await expect(openCassandra(options)).rejects.toThrow(/of version 99, of a newer Auxilio/);
      await expect(init(options, cassandraContext, { createDatabase: false })).rejects.toMatchObject({
        code: 'invalid',
      });
    });

    it('runs several times at once, and again', async () => {
      const options = fresh();
      const all = await Promise.all(
        Array.from({ length: 4 }, () => init(options, cassandraContext, { createDatabase: true })),
      );
      expect(all.flat().filter((line) => line.endsWith('schema of version 1'))).toHaveLength(1);
      expect(await init(options, cassandraContext, { createDatabase: true })).toEqual([]);
      const { rows } = await run(
        options,
        'select table_name from system_schema.tables where keyspace_name = ?',
        [options.keyspace],
      );
      expect(rows).toHaveLength(7);
      await (await openCassandra(options)).close();
    });

    it('waits for another that is at work, and no longer than it is told to', async () => {
      const options = await makeKeyspace();
      made.push(options);
      await run(options, "insert into meta (name, value) values ('init', ?) if not exists using ttl 3", [
        randomUUID(),
      ]);
      const signal = AbortSignal.timeout(500);
      await expect(init(options, cassandraContext, { createDatabase: false, signal })).rejects.toMatchObject({
        code: 'aborted',
      });
      expect(await init(options, cassandraContext, { createDatabase: false })).toEqual([]);
    });

    it('copies to as many nodes as it is told, or as there are', async () => {
      const one = fresh();
      expect((await init(one, cassandraContext, { createDatabase: true }))[0]).toBe(
        `keyspace ${one.keyspace}: made, datacenter1:1`,
      );
      const two = fresh({ replication: 'datacenter1:2' });
      await init(two, cassandraContext, { createDatabase: true }).catch(() => undefined);
      const { rows } = await run(
        one,
        'select replication from system_schema.keyspaces where keyspace_name = ?',
        [two.keyspace],
      );
      expect(rows[0]?.['replication']).toMatchObject({ datacenter1: '2' });
      const elsewhere = fresh({ replication: 'moon:1' });
      await expect(init(elsewhere, cassandraContext, { createDatabase: true })).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringContaining('moon'),
      });
    });

    it('cuts the files of a keyspace with a TTL by time', async () => {
      const options = await makeKeyspace({ ttl: '90d' });
      made.push(options);
      const { rows } = await run(
        options,
        'select table_name, compaction from system_schema.tables where keyspace_name = ?',
        [options.keyspace],
      );
      const compactions = new Map(rows.map((row) => [row['table_name'], row['compaction']]));
      for (const table of ['manifest', 'chunk', 'entry'])
        expect(compactions.get(table)).toMatchObject({
          class: expect.stringMatching(/TimeWindow/),
          compaction_window_unit: 'HOURS',
          compaction_window_size: '72',
        });
    });

    it('empties a store, which open ones go on using', async () => {
      const options = await makeKeyspace();
      made.push(options);
      const store = await openCassandra(options);
      const raw = rawCrash();
      await store.saveReport(report(raw, textDump('core', 'x')));
      await store.putBlob('a', textDump('a', 'x'));
      const lines = await wipe(options, cassandraContext, {});
      expect(lines).toEqual(
        ['manifest', 'chunk', 'entry', 'blob_key'].map(
          (name) => `table ${options.keyspace}.${name}: emptied`,
        ),
      );
      await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await collect(store.list(DAY))).toEqual([]);
      expect(await collect(store.listBlobs(''))).toEqual([]);
      expect(await wipe(options, cassandraContext, {})).toEqual([]);
      await store.saveReport(report(raw));
      expect(await collect(store.list(DAY))).toEqual([raw.id]);
      await store.close();
    });
  },
);
