import { createHash, randomInt } from 'node:crypto';
import pg from 'pg';
import { silentLog } from '../../src/lib/log.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import backend from '../../src/storage/postgres/index.ts';
import { postgresServer, rowsOf, unusedName } from '../../test/build/postgres.ts';
import { annotations, type Contender, newId, type Place, reportContender, type Subject } from './subject.ts';

const CHUNK = 128 * 1024;
const DAY = '2026-11-21';
/** As many as the store has: the setting `pool_size`. */
const CONNECTIONS = 10;

const context = {
  name: 'bench',
  dataDir: '/nowhere',
  log: silentLog,
  store: () => Promise.reject(new Error('a leaf')),
};

const open = (place: Place): Promise<FullStore> => backend.open({ ...place }, context) as Promise<FullStore>;

/** The statements of `src/storage/postgres/report-table.ts`, in its order. */
function bare(place: Place, dump: Buffer): Contender {
  const pool = new pg.Pool({ connectionString: String(place['url']), max: CONNECTIONS });
  const t = (name: string): string => `"${place['schema']}"."${name}"`;
  const name = Buffer.from('upload_file_minidump', 'utf16le').swap16();
  const insertRaw = `with old as (select upload from ${t('raw')} where day = $1 and id = $2),
      chunks as (delete from ${t('dump_chunk')} where day = $1 and upload in (select upload from old)),
      dumps as (delete from ${t('dump')} where day = $1 and upload in (select upload from old))
      insert into ${t('raw')} (day, id, received, upload, document, exact) values ($1, $2, $3, $4, $5, $6)
      on conflict (day, id) do update set received = excluded.received, upload = excluded.upload,
        document = excluded.document, exact = excluded.exact`;
  const find = `select d.upload, d.item, d.size, d.sha256 from ${t('raw')} r
      join ${t('dump')} d on d.day = r.day and d.upload = r.upload
      where r.day = $1 and r.id = $2 and d.name = $3`;
  return {
    async write() {
      const id = newId();
      const upload = randomInt(2 ** 47);
      const sha256 = createHash('sha256').update(dump).digest('hex');
      const document = JSON.stringify(annotations);
      const client = await pool.connect();
      try {
        await client.query(`begin; select pg_advisory_xact_lock(1, ${upload % 2 ** 31})`);
        await client.query(insertRaw, [DAY, id, `${DAY}T00:00:00.000Z`, upload, document, document]);
        await client.query(
          `insert into ${t('dump')} (day, upload, item, name, size, sha256) values ($1, $2, $3, $4, $5, $6)`,
          [DAY, upload, 0, name, dump.length, sha256],
        );
        for (let part = 0; part * CHUNK < dump.length; part += 1)
          await client.query(
            `insert into ${t('dump_chunk')} (day, upload, item, part, bytes) values ($1, $2, $3, $4, $5)`,
            [DAY, upload, 0, part, dump.subarray(part * CHUNK, (part + 1) * CHUNK)],
          );
        await client.query('commit');
      } finally {
        client.release();
      }
      return id;
    },
    async read(id) {
      await pool.query(`select exact from ${t('raw')} where day = $1 and id = $2`, [DAY, id]);
      await pool.query(find, [DAY, id, name]);
      const [place] = (await pool.query(find, [DAY, id, name])).rows as { upload: string; size: string }[];
      let bytes = 0;
      for (let part = 0; bytes < Number(place?.size); part += 1) {
        const { rows } = await pool.query(
          `select bytes from ${t('dump_chunk')} where day = $1 and upload = $2 and item = $3 and part = $4`,
          [DAY, place?.upload, 0, part],
        );
        bytes += (rows as { bytes: Buffer }[])[0]?.bytes.length ?? Number.NaN;
      }
      return bytes;
    },
    close: () => pool.end(),
  };
}

export const postgres: Subject = {
  engine: 'postgres',
  dumps: true,
  async prepare() {
    const place = { url: postgresServer().url, schema: unusedName() };
    await backend.upkeep?.init?.(place, context, { createDatabase: false });
    // The partition of the week, which the bare client would lack.
    const store = await open(place);
    await reportContender(store, Buffer.alloc(1)).write();
    await store.close();
    return place;
  },
  async remove(place) {
    await rowsOf(String(place['url']), `drop schema ${place['schema']} cascade`);
  },
  open,
  bare: async (place, dump) => bare(place, dump),
};
