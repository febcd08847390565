/** Elasticsearch, one node, run from the jars on Maven Central and two small classes of ours. */
import { cpSync, existsSync, globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../test/build/engines.ts';
import { type EngineDefinition, type Place, Unavailable } from './definition.ts';
import { buildNode } from './elasticsearch-build.ts';
import { fetchOk } from './fetching.ts';
import type { Java } from './java.ts';
import { startService } from './processes.ts';

export interface Release {
  readonly name: EngineName & `elasticsearch${string}`;
  readonly version: string;
  /** The Java that its classes are made for; installs one where none is found, and rejects where it cannot. */
  java(cache: string): Promise<Java>;
}

const sources = join(import.meta.dirname, 'elasticsearch');

/** Ours; those in a folder with the number of a version are for that one. */
const classesFor = (version: string): readonly string[] =>
  globSync([join(sources, '*.java'), join(sources, version.split('.')[0] ?? '', '*.java')]);

/** Only settings of the modules that are here: an unknown one stops the node. */
function settings(place: Place): string {
  const [http, transport] = place.ports;
  return `cluster.name: auxilio
node.name: auxilio
discovery.type: single-node
network.host: 127.0.0.1
http.port: ${http}
transport.port: ${transport}
# Test files that run at once make many small indices.
cluster.max_shards_per_node: 5000
cluster.routing.allocation.disk.threshold_enabled: false
# This heap is collected when it is full: full is no reason to refuse a request.
indices.breaker.total.use_real_memory: false
`;
}

/** What the node calls its home: configuration of ours, modules from the cache, data of its own. */
function layHome(place: Place, built: string): void {
  for (const name of ['config', 'plugins', 'tmp']) mkdirSync(join(place.folder, name), { recursive: true });
  rmSync(join(place.folder, 'modules'), { force: true });
  symlinkSync(join(built, 'modules'), join(place.folder, 'modules'));
  writeFileSync(join(place.folder, 'config', 'elasticsearch.yml'), settings(place));
  cpSync(join(sources, 'log4j2.properties'), join(place.folder, 'config', 'log4j2.properties'));
}

export function elasticsearch(release: Release): EngineDefinition<EngineName> {
  const built = (cache: string): string => join(cache, release.version);
  return {
    name: release.name,
    ports: 2,
    // The service has the engine's name.
    container: { service: release.name, ports: [`${release.name.toUpperCase()}_PORT`] },
    startMs: 180_000,
    async install(cache) {
      const java = await release.java(cache);
      if (!existsSync(join(built(cache), 'complete')))
        await buildNode(release.version, java, built(cache), classesFor(release.version));
    },
    async start(place) {
      const java = await release.java(place.cache);
      const home = built(place.cache);
      if (!existsSync(join(home, 'complete'))) throw new Unavailable(`${home} is not complete`);
      layHome(place, home);
      const pid = await startService({
        command: join(java.home, 'bin', 'java'),
        args: [
          `@${join(sources, 'jvm.options')}`,
          `-Djava.io.tmpdir=${join(place.folder, 'tmp')}`,
          `-XX:ErrorFile=${join(place.folder, 'jvm-crash.log')}`,
          ...['-cp', `${join(home, 'classes')}:${join(home, 'lib', '*')}`],
          ...['SingleNode', place.folder],
        ],
        cwd: place.folder,
        log: join(place.folder, 'log'),
      });
      return [pid];
    },
    async ask(place) {
      const url = `http://127.0.0.1:${place.ports[0]}`;
      const health = JSON.parse(
        await fetchOk(`${url}/_cluster/health?wait_for_status=yellow&timeout=3s`),
      ) as {
        readonly timed_out: boolean;
      };
      if (health.timed_out) throw new Error('its indices are not back yet');
      const { version } = JSON.parse(await fetchOk(url)) as { readonly version: { readonly number: string } };
      return { url, version: version.number };
    },
  };
}
