/** `auxilio store init`, `sweep` and `wipe` of a Postgres store. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf, generatedDump, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import backend from '../../src/storage/postgres/index.ts';
import { dropDatabase, postgresMissing, rowsOf, unusedName, urlOf } from '../build/postgres.ts';
import { context, fresh, init, label, ready } from './postgres-schema.ts';

describe.skipIf(postgresMissing)(
  `the postgres store${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
  () => {
    describe('upkeep', () => {
      it('without tables it says which command to run, and so it does when they are gone', async () => {
        const { open, options, url, schema } = await fresh();
        const opening = open();
        await expect(opening).rejects.toMatchObject({ code: 'invalid' });
        await expect(open()).rejects.toThrow(
          /has no tables of this store in schema .*; run: auxilio store init crashes/,
        );
        expect(await init(options)).toHaveLength(2);
        const store = await open();
        await store.health();
        await rowsOf(url, `drop schema ${schema} cascade`);
        await expect(store.health()).rejects.toThrow(/run: auxilio store init crashes/);
      });

      it('init makes the database too, several at once and again: each thing is done once', async () => {
        const name = unusedName();
        onTestFinished(() => dropDatabase(name));
        const options = { url: urlOf(name) };
        await expect(init(options)).rejects.toThrow(
          new RegExp(`there is no database ${name}.*STORE_CRASHES_URL`),
        );
        const said = await Promise.all([1, 2, 3].map(() => init(options, true)));
        expect(said.flat().sort()).toEqual([
          `created database ${name}`,
          'created schema auxilio_crashes',
          'ran storage-postgres/0001_initial in schema auxilio_crashes',
        ]);
        expect(await init(options, true)).toEqual([]);
        const store = await backend.open(options, context, label);
        await store.health();
        await store.close();
      });

      it('sweep removes chunks without a report that are old enough, and nothing else', async () => {
        const { store, options, url, schema } = await ready();
        const raw = rawCrash();
        const bytes = Buffer.alloc(3 * 1024 * 1024, 1);
        await store.saveReport(
          report(
            raw,
            generatedDump('core', bytes.length, () => [bytes]),
          ),
        );
        await rowsOf(
          url,
          `insert into ${schema}.staging values (7, '2026-11-21', clock_timestamp() - interval '2 days'), (8, '2026-11-21', clock_timestamp())`,
        );
        await rowsOf(
          url,
          `insert into ${schema}.dump_chunk values ('2026-11-21', 7, 0, 0, '\\x01'), ('2026-11-21', 7, 0, 1, '\\x0102'), ('2026-11-21', 8, 0, 0, '\\x01')`,
        );
        const sweep = (dryRun: boolean) =>
          backend.upkeep?.sweep?.(options, context, { olderThanMs: 86_400_000, dryRun, label });
        expect(await sweep(true)).toEqual({ found: 2, bytes: 3, removed: 0 });
        expect(await sweep(false)).toEqual({ found: 2, bytes: 3, removed: 2 });
        expect(await sweep(false)).toEqual({ found: 0, bytes: 0, removed: 0 });
        expect(await rowsOf(url, `select upload from ${schema}.staging`)).toEqual([{ upload: '8' }]);
        expect((await bytesOf(await store.readDump(raw.id, 'core'))).equals(bytes)).toBe(true);
      });

      it('wipe leaves an empty store that can be used', async () => {
        const { store, options } = await ready();
        const raw = rawCrash();
        await store.saveReport(report(raw, textDump('core', 'x')));
        await store.putBlob('a', textDump('a', 'b'));
        expect(await backend.upkeep?.wipe(options, context, { label })).toHaveLength(2);
        await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
        expect(await store.hasBlob('a')).toBe(false);
        await store.saveReport(report(raw, textDump('core', 'x')));
        expect(await store.readRaw(raw.id)).toEqual(raw);
      });

      it('a schema that is none is refused with the name of its setting', async () => {
        const { open } = await fresh({ schema: 'a; drop' });
        await expect(open()).rejects.toThrow(/STORE_CRASHES_SCHEMA: a; drop is no name for a schema/);
      });
    });
  },
);
