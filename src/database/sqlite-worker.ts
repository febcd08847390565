/** The thread that SQLite runs in: `node:sqlite` is synchronous and would stop everything else. One connection each. */
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteConnection } from './sqlite-connection.ts';
import { failureOf } from './sqlite-failures.ts';
import type { Envelope, Reply, WorkerOptions } from './sqlite-protocol.ts';

const options = workerData as WorkerOptions;

/** Bytes that were read are handed over, not copied. */
function blobsOf(reply: Reply): ArrayBuffer[] {
  if (!('answer' in reply) || typeof reply.answer !== 'object') return [];
  if (reply.answer === null || !('rows' in reply.answer)) return [];
  const blobs: ArrayBuffer[] = [];
  for (const row of reply.answer.rows) {
    for (const value of row) {
      if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) blobs.push(value.buffer);
    }
  }
  return blobs;
}

function main(): void {
  const port = parentPort;
  if (!port) throw new Error('sqlite-worker runs as a worker thread');
  let connection: SqliteConnection | undefined;
  port.on('message', ({ id, request }: Envelope) => {
    let reply: Reply;
    try {
      // The first request opens the file, so that a failure to open is its answer; the next one tries again.
      if (request.kind === 'close' && !connection) reply = { id, answer: null };
      else {
        connection ??= new SqliteConnection(options);
        reply = { id, answer: connection.handle(request) };
      }
    } catch (error) {
      reply = { id, failure: failureOf(error, options.path) };
    }
    port.postMessage(reply, blobsOf(reply));
    if (request.kind === 'close') port.close();
  });
}

main();
