/** Begins to save a dump of 20 MB and stands still after 18 of them, for whoever kills it; says `half` then. */
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import { cassandraStorageSchema } from '../../src/storage/cassandra/settings.ts';
import { generatedDump, rawCrash, report } from '../../src/storage/conformance/inputs.ts';

const [address, keyspace] = process.argv.slice(2);
const options = parseSettings(cassandraStorageSchema, { contact_points: address, keyspace });
const store = await CassandraStorage.open('crashes', options, { log: silentLog });
const chunk = Buffer.alloc(1024 * 1024, 1);
const dump = generatedDump('core', 20 * chunk.length, async function* () {
  for (let i = 0; i < 20; i += 1) {
    if (i === 18) {
      // The last of them are on their way still.
      await delay(500);
      console.log('half');
      await delay(600_000);
    }
    yield chunk;
  }
});
await store.saveReport(report(rawCrash(), dump));
