import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client, types } from 'cassandra-driver';
import { micros } from '../../src/storage/cassandra/session.ts';
import { cassandraServer, dropKeyspace, makeKeyspace, openCassandra } from '../../test/build/cassandra.ts';
import { annotations, type Contender, newId, type Place, type Subject } from './subject.ts';

const optionsOf = (place: Place) =>
  ({
    ...JSON.parse(String(place['options'])),
  }) as Parameters<typeof openCassandra>[0];

/** The statements of `src/storage/cassandra/writer.ts`, in its order. */
async function bare(place: Place, dump: Buffer): Promise<Contender> {
  const client = new Client({
    contactPoints: [cassandraServer().url],
    localDataCenter: 'datacenter1',
    keyspace: String(place['keyspace']),
  });
  await client.connect();
  const run = (cql: string, values: readonly unknown[]) =>
    client.execute(cql, [...values], { prepare: true });
  const slot = new Date(0);
  return {
    async write() {
      const owner = newId();
      const upload = types.Uuid.random();
      const written = micros();
      const document = gzipSync(JSON.stringify(annotations), { level: 3 });
      const sha256 = createHash('sha256').update(dump).digest('hex');
      const dumps = JSON.stringify([{ name: 'upload_file_minidump', size: dump.length, sha256, first: 0 }]);
      await run(
        `insert into intent (slot, bucket, upload, owner, kind, written, touched, chunks, buckets)
          values (?, ?, ?, ?, ?, ?, ?, ?, ?) using ttl ?`,
        [slot, 0, upload, owner, 'report', written, new Date(), 1, 16, 0],
      );
      await Promise.all([
        run('select version from manifest where owner = ? and kind = ?', [owner, 'report']),
        run('insert into chunk (upload, piece, part, size, bytes) values (?, ?, ?, ?, ?) using ttl ?', [
          upload,
          0,
          0,
          dump.length,
          dump,
          0,
        ]),
      ]);
      await Promise.all([
        run(
          'insert into entry (day, buckets, bucket, hash, id, upload) values (?, ?, ?, ?, ?, ?) using ttl ?',
          ['261121', 16, written % 16, written % 2 ** 32, owner, upload, 0],
        ),
        run(
          `insert into manifest (owner, kind, version, upload, written, chunks, buckets, document, document_bytes, dumps)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) using ttl ?`,
          [owner, 'report', written, upload, written, 1, 16, document, document.length, dumps, 0],
        ),
      ]);
      await run('select version from manifest where owner = ? and kind = ?', [owner, 'report']);
      await run('delete from intent where slot = ? and bucket = ? and upload = ?', [slot, 0, upload]);
      return owner;
    },
    async read(owner) {
      const newest = (columns: string) =>
        run(`select ${columns} from manifest where owner = ? and kind = ? limit 1`, [owner, 'report']);
      const raw = (await newest('upload, document, document_bytes')).first();
      JSON.parse(gunzipSync(raw?.get('document') as Buffer).toString());
      await newest('upload, dumps');
      await newest('upload, dumps');
      const chunk = await run('select bytes from chunk where upload = ? and piece = ? and part = ?', [
        raw?.get('upload'),
        0,
        0,
      ]);
      return (chunk.rows[0]?.get('bytes') as Buffer | undefined)?.length ?? 0;
    },
    close: () => client.shutdown(),
  };
}

export const cassandra: Subject = {
  engine: 'cassandra',
  dumps: true,
  async prepare() {
    const options = await makeKeyspace();
    return { options: JSON.stringify(options), keyspace: options.keyspace };
  },
  remove: (place) => dropKeyspace(optionsOf(place)),
  open: (place) => openCassandra(optionsOf(place)),
  bare,
};
