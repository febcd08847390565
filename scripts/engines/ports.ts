/** Free ports on loopback, chosen once for an engine and kept while nobody else takes them. */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/** Below the range from which systems take ports for outgoing connections: a killed engine finds its port free. */
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

const read = (file: string): number[] => JSON.parse(readFileSync(file, 'utf8')) as number[];

/** The ports of the engine whose state is in `folder`. Only while it is not running: its own would look taken. */
export async function portsFor(folder: string, count: number): Promise<readonly number[]> {
  const known = rememberedPorts(folder);
  if (known.length === count && (await Promise.all(known.map(isFree))).every(Boolean)) return known;
  const others = new Set(globSync(join(dirname(folder), '*', 'ports.json')).flatMap(read));
  const chosen: number[] = [];
  while (chosen.length < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (others.has(port) || handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    chosen.push(port);
  }
  writeFileSync(join(folder, 'ports.json'), JSON.stringify(chosen));
  return chosen;
}

/** Those of its last start. */
export function rememberedPorts(folder: string): readonly number[] {
  const file = join(folder, 'ports.json');
  return existsSync(file) ? read(file) : [];
}
