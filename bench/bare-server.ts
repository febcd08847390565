/**
 * The yardstick of bench/collector.ts: an HTTP server that does nothing but write each body to a file, with the
 * collector's discipline (every file synced, folder syncs shared, before the answer). Speaks to its parent over IPC.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NodeDisk } from '../src/lib/disk.ts';
import { answerParent } from './lib/served.ts';

/** As the spool does. */
const WRITE_BYTES = 512 * 1024;
const FILES_PER_FOLDER = 2000;
const root = process.argv[2] as string;
const disk = new NodeDisk();
let files = 0;
let folder = '';
let made: Promise<unknown> = Promise.resolve();

async function save(request: IncomingMessage): Promise<void> {
  const index = files;
  files += 1;
  if (index % FILES_PER_FOLDER === 0) {
    folder = join(root, String(index));
    made = disk.makeFolder(folder);
  }
  const here = folder;
  await made;
  const file = await disk.open(join(here, String(index)), 'create');
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < WRITE_BYTES) continue;
    await file.write(chunks);
    chunks = [];
    bytes = 0;
  }
  if (bytes > 0) await file.write(chunks);
  await Promise.all([file.sync(), disk.syncFolder(here)]);
  await file.close();
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  save(request).then(
    () => response.end(`CrashID=bp-${'0'.repeat(36)}\n`),
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
});
server.listen(0, '127.0.0.1', () => {
  answerParent({
    port: (server.address() as AddressInfo).port,
    settled: async () => undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
});
