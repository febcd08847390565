/** Saves and reads a dump of as many MB as told in a keyspace of its own, and prints the growth of resident memory. */
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { keepYoungHeapSmall } from '../../src/lib/young-heap.ts';
import { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import { cassandraStorageSchema } from '../../src/storage/cassandra/settings.ts';
import { generatedDump, rawCrash, report } from '../../src/storage/conformance/inputs.ts';

const [address, keyspace, megabytes] = process.argv.slice(2);
if (!address || !keyspace || !megabytes) throw new Error('give HOST:PORT KEYSPACE MEGABYTES');
// As the program's own main does.
keepYoungHeapSmall();
const size = Number(megabytes) * 1024 * 1024;
const options = parseSettings(cassandraStorageSchema, { contact_points: address, keyspace });
const store = await CassandraStorage.open('cassandra', options, { log: silentLog });
// As bytes from the network or a file come: each chunk a buffer of its own.
const dump = (name: string, bytes: number) =>
  generatedDump(name, bytes, function* () {
    for (let sent = 0; sent < bytes; sent += 64 * 1024) yield Buffer.alloc(64 * 1024, sent % 251);
  });

let most = 0;

/** Resolves with the bytes that came back. */
async function pass(bytes: number): Promise<number> {
  const raw = rawCrash();
  await store.saveReport(report(raw, dump('core', bytes)));
  let back = 0;
  for await (const piece of await (await store.readDump(raw.id, 'core')).open())
    back += (piece as Buffer).length;
  await store.remove(raw.id);
  return back;
}

// Connections, prepared statements and compiled code are not what a dump costs.
await pass(16 * 1024 * 1024);
const before = process.memoryUsage.rss();
most = before;
const timer = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 20);
const started = performance.now();
const bytes = await pass(size);
clearInterval(timer);
await store.close();
const grown = Math.round((most - before) / 1024 / 1024);
console.log(JSON.stringify({ bytes, grown, seconds: Math.round((performance.now() - started) / 100) / 10 }));
