/** Free ports on loopback, chosen once for an engine and kept while nobody else takes them. */
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { EngineFolder } from './state.ts';

/** Below the range from which systems take ports for outgoing connections: a killed engine finds its own free. */
const FIRST = 20_000;
const LAST = 32_000;

const handedOut = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function portsOfOthers(folder: EngineFolder): ReadonlySet<number> {
  const files = globSync(join(dirname(folder.path), '*', 'ports.json'));
  return new Set(files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as number[]));
}

/** The ports of an engine that is not running: those of one that is would look taken. */
export async function portsFor(folder: EngineFolder, count: number): Promise<readonly number[]> {
  const known = folder.ports();
  if (known.length === count && (await Promise.all(known.map(isFree))).every(Boolean)) return known;
  const others = portsOfOthers(folder);
  const chosen: number[] = [];
  while (chosen.length < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (others.has(port) || handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    chosen.push(port);
  }
  folder.writePorts(chosen);
  return chosen;
}
