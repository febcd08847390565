/** Apache Cassandra, one node, run from the jars on Maven Central. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'cassandra-driver';
import type { EngineName } from '../../test/build/engines.ts';
import { ASK_MS, type EngineDefinition, type Place, Unavailable } from './definition.ts';
import { aptInstall, mavenInstall } from './installing.ts';
import { findJava, type Java } from './java.ts';
import { startService } from './processes.ts';

const VERSION = '5.0.9';

const libraries = (cache: string): string => join(cache, VERSION);
const settingsFolder = join(import.meta.dirname, 'cassandra');

/** Cassandra 5 is made for these; later ones lack the security manager that it installs. */
const suitable = (): Promise<Java | undefined> => findJava((version) => version === 11 || version === 17);

function settings(place: Place): string {
  const [native, storage] = place.ports;
  const folder = (name: string): string => JSON.stringify(join(place.folder, name));
  return `cluster_name: auxilio
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "127.0.0.1:${storage}"}]}]
auto_bootstrap: false
listen_address: 127.0.0.1
storage_port: ${storage}
rpc_address: 127.0.0.1
start_native_transport: true
native_transport_port: ${native}
data_file_directories: [${folder('data')}]
commitlog_directory: ${folder('commitlog')}
saved_caches_directory: ${folder('saved_caches')}
hints_directory: ${folder('hints')}
cdc_raw_directory: ${folder('cdc_raw')}
# A write is answered once it is in the log: with one node, nothing else survives SIGKILL.
commitlog_sync: batch
auto_snapshot: false
memtable_heap_space: 96MiB
memtable_offheap_space: 96MiB
file_cache_size: 32MiB
key_cache_size: 8MiB
counter_cache_size: 4MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_counter_writes: 4
concurrent_compactors: 1
# A loaded machine is slow, not down: what tests want to see fail, they make fail themselves.
read_request_timeout: 30s
range_request_timeout: 30s
write_request_timeout: 30s
truncate_request_timeout: 60s
`;
}

export default {
  name: 'cassandra',
  ports: 2,
  container: { service: 'cassandra', ports: ['CASSANDRA_PORT'] },
  startMs: 180_000,
  async install(cache) {
    if ((await suitable()) === undefined) await aptInstall('openjdk-17-jre-headless');
    const folder = libraries(cache);
    const complete = join(folder, 'complete');
    if (existsSync(complete)) return;
    await mavenInstall([{ group: 'org.apache.cassandra', id: 'cassandra-all', version: VERSION }], folder);
    writeFileSync(complete, '');
  },
  async start(place) {
    const java = await suitable();
    if (java === undefined) throw new Unavailable('no Java 11 or 17 here');
    const file = join(place.folder, 'cassandra.yaml');
    writeFileSync(file, settings(place));
    const pid = await startService({
      command: join(java.home, 'bin', 'java'),
      args: [
        `@${join(settingsFolder, 'jvm.options')}`,
        `-Dcassandra.config=file://${file}`,
        `-Dcassandra.storagedir=${place.folder}`,
        `-Dlogback.configurationFile=file://${join(settingsFolder, 'logback.xml')}`,
        `-XX:ErrorFile=${join(place.folder, 'jvm-crash.log')}`,
        // Every table of a new keyspace would wait for flushes of the schema to disk, a second each.
        '-Dcassandra.test.flush_local_schema_changes=false',
        ...['-cp', join(libraries(place.cache), 'lib', '*')],
        'org.apache.cassandra.service.CassandraDaemon',
      ],
      cwd: place.folder,
      log: join(place.folder, 'log'),
    });
    return [pid];
  },
  async ask(place) {
    const url = `127.0.0.1:${place.ports[0]}`;
    const client = new Client({
      contactPoints: [url],
      localDataCenter: 'datacenter1',
      socketOptions: { connectTimeout: ASK_MS, readTimeout: ASK_MS },
    });
    try {
      await client.connect();
      const answer = await client.execute('select release_version from system.local');
      return { url, version: String(answer.first()?.get('release_version')) };
    } finally {
      await client.shutdown();
    }
  },
} satisfies EngineDefinition<EngineName>;
