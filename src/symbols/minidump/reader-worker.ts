/** Body of the worker thread: reads one dump at a time, synchronously, and answers with plain data. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { fileSource } from './bytes.ts';
import { readMinidump } from './read-minidump.ts';
import type { ReadReply, ReadRequest } from './worker-messages.ts';

function answer({ id, path }: ReadRequest): ReadReply {
  try {
    const fd = openSync(path, 'r');
    try {
      return { id, data: readMinidump(fileSource(fd, fstatSync(fd).size)) };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { id, error: text, code: (error as NodeJS.ErrnoException).code };
  }
}

parentPort?.on('message', (request: ReadRequest) => parentPort?.postMessage(answer(request)));
