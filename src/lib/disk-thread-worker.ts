/** A thread of `ThreadedDisk`. */
import { parentPort } from 'node:worker_threads';
import { runBatch } from './disk-batch.ts';
import type { SeriesRequest } from './disk-thread.ts';

parentPort?.on('message', (requests: readonly SeriesRequest[]) =>
  parentPort?.postMessage(runBatch(requests)),
);
