/** What is the Postgres store's own: weeks, exact documents, several processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import {
  bytesOf,
  collect,
  generatedDump,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { withDocument } from '../../src/storage/postgres/documents.ts';
import { postgresMissing, rowsOf } from '../build/postgres.ts';
import { ready } from './postgres-schema.ts';

/** Received on the day of its id. */
const crashOn = (day: string, id: CrashId = idOn(day)) => ({
  ...rawCrash({}, id),
  receivedAt: `${day}T12:00:00.000Z`,
});

const weeksIn = async (url: string, schema: string): Promise<readonly string[]> =>
  (
    await rowsOf(
      url,
      `select relname from pg_class where relnamespace = '${schema}'::regnamespace and relname ~ '^raw_[0-9]{8}$' order by 1`,
    )
  ).map((row) => String(row['relname']));

describe.skipIf(postgresMissing)(
  `the postgres store${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
  () => {
    describe('weeks', () => {
      it('each has a partition of its own, from Monday; a lookup reads one', async () => {
        const { store, url, schema } = await ready();
        for (const day of ['2026-11-16', '2026-11-22', '2026-11-23'])
          await store.saveReport(report(rawCrash({}, idOn(day))));
        expect(await weeksIn(url, schema)).toEqual(['raw_20261116', 'raw_20261123']);
        const plan = await rowsOf(
          url,
          `explain select exact from ${schema}.raw where day = '2026-11-23' and id = 'x'`,
        );
        const text = plan.map((row) => row['QUERY PLAN']).join('\n');
        expect(text).toContain('raw_20261123');
        expect(text).not.toContain('raw_20261116');
      });

      it('40 first crashes of 8 new weeks at once, in two processes: each week is made once', async () => {
        const { url, schema, store } = await ready();
        const script = join(import.meta.dirname, 'postgres-writer.ts');
        const children = [1, 2].map(() =>
          spawn(process.execPath, [script, url, schema], { stdio: ['ignore', 'inherit', 'inherit'] }),
        );
        const codes = await Promise.all(
          children.map(async (child) => (await once(child, 'exit'))[0] as number),
        );
        expect(codes).toEqual([0, 0]);
        expect(await weeksIn(url, schema)).toHaveLength(8);
        const [row] = await rowsOf(url, `select count(*)::integer as n from ${schema}.raw`);
        expect(row).toEqual({ n: 80 });
        await store.health();
      });

      it('dropping one takes all of its crashes, while others read and write', async () => {
        const { store, url, schema } = await ready();
        const old = Array.from({ length: 20 }, () => crashOn('2026-11-18'));
        const kept = crashOn('2026-11-23');
        for (const raw of [...old, kept]) {
          await store.saveReport(report(raw, textDump('core', raw.id)));
          await store.saveProcessed(raw, processedCrash(raw.id, { date_processed: raw.receivedAt }));
        }
        let isOver = false;
        const busy = (async () => {
          while (!isOver) {
            await store.saveReport(report(crashOn('2026-11-24')));
            await collect(store.list('2026-11-23'));
          }
        })();
        const dropped = await store.dropBefore('2026-11-23');
        isOver = true;
        await busy;
        expect(dropped).toEqual(['week of 2026-11-16']);
        expect(await weeksIn(url, schema)).toEqual(['raw_20261123']);
        await expect(store.readRaw(old[0]?.id as CrashId)).rejects.toMatchObject({ code: 'not_found' });
        expect(await collect(store.list('2026-11-18'))).toEqual([]);
        expect((await bytesOf(await store.readDump(kept.id, 'core'))).toString()).toBe(kept.id);
        expect(await store.dropBefore('2026-11-23')).toEqual([]);
        // A late one of that week gets it again.
        await store.saveReport(report(crashOn('2026-11-18', old[0]?.id)));
        expect(await collect(store.list('2026-11-18'))).toEqual([old[0]?.id]);
      });

      it('one that somebody died while dropping is found and dropped again', async () => {
        const { store, url, schema } = await ready();
        await store.saveReport(report(rawCrash({}, idOn('2026-11-18')), textDump('core', 'x')));
        await rowsOf(url, `alter table ${schema}.raw detach partition ${schema}.raw_20261116`);
        expect(await store.dropBefore('2026-11-30')).toEqual(['week of 2026-11-16']);
        const left = await rowsOf(
          url,
          `select relname from pg_class where relnamespace = '${schema}'::regnamespace and relname ~ '_20261116$'`,
        );
        expect(left).toEqual([]);
      });

      it('ids whose digits are no date lie apart, and are no week that goes', async () => {
        const { store } = await ready();
        const id = `${createCrashId(new Date()).slice(0, -6)}269931` as CrashId;
        const raw = { ...rawCrash({}, id), id };
        await store.saveReport(report(raw, textDump('core', 'x')));
        expect(await store.readRaw(id)).toEqual(raw);
        expect(await store.dropBefore('2020-01-01')).toEqual([]);
        expect((await bytesOf(await store.readDump(id, 'core'))).toString()).toBe('x');
        expect(await store.remove(id)).toBe(true);
      });
    });

    describe('documents', () => {
      const odd = {
        z: 1,
        a: 2,
        nul: 'a\u0000b',
        half: 'x\ud800y',
        backslash: '\\u0000 \\\\u0000 \\',
        'key\u0000': 1e300,
        tiny: 5e-324,
        big: 2 ** 70,
        proto: JSON.parse('{"__proto__": 1}') as unknown,
      };

      it('come back to the letter, and can be asked for with SQL', async () => {
        const { store, url, schema } = await ready();
        const raw = rawCrash({ z: '1', a: 'x\u0000', '\u0000': 'y' });
        const processed = processedCrash(raw.id, odd);
        await store.saveReport(report(raw));
        await store.saveProcessed(raw, processed);
        expect(JSON.stringify(await store.readRaw(raw.id))).toBe(JSON.stringify(raw));
        const { signature_input: _, signature_trace: __, ...rest } = processed;
        const { signature_input: ___, signature_trace: ____, ...read } = await store.readProcessed(raw.id);
        expect(JSON.stringify(read)).toBe(JSON.stringify(rest));
        const [row] = await rowsOf(
          url,
          `select r.document -> 'annotations' ->> 'a' as a, c.document ->> 'nul' as nul, c.document ->> 'backslash' as backslash
          from ${schema}.raw r join ${schema}.crash c using (day, id)`,
        );
        expect(row).toEqual({ a: 'x\ufffd', nul: 'a\ufffdb', backslash: odd.backslash });
      });

      it('that are too large for JSONB are kept all the same, without it', async () => {
        const tooMuch = Object.assign(new Error('total size exceeds the maximum'), {
          code: '54000',
          severity: 'ERROR',
        });
        const written: (string | null)[] = [];
        await withDocument('{"a":1}', async (document) => {
          written.push(document);
          if (document !== null) throw tooMuch;
        });
        expect(written).toEqual(['{"a":1}', null]);
        const other = withDocument('{}', () => Promise.reject(new Error('other')));
        await expect(other).rejects.toThrow('other');
      });
    });

    it('a server that ends its connections in the middle of a save: nothing readable, and the next save works', async () => {
      const { store, url, schema } = await ready({ pool_size: 3 });
      const raw = rawCrash();
      const chunk = Buffer.alloc(64 * 1024, 1);
      const dump = generatedDump('core', 100 * chunk.length, async function* () {
        for (let i = 0; i < 100; i += 1) {
          if (i === 50)
            await rowsOf(
              url,
              `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query like '%${schema}%'`,
            );
          yield chunk;
        }
      });
      const saved = await store.saveReport(report(raw, dump)).then(
        () => true,
        (error: { readonly code: string }) => error.code,
      );
      if (saved === true) expect((await store.readDump(raw.id, 'core')).size).toBe(100 * chunk.length);
      else {
        expect(saved).toBe('unavailable');
        await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      }
      await store.saveReport(report(raw, textDump('core', 'x')));
      expect((await bytesOf(await store.readDump(raw.id, 'core'))).toString()).toBe('x');
      expect(await rowsOf(url, `select * from ${schema}.staging`)).toEqual([]);
    });
  },
);
