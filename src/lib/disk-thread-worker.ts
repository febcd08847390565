/** A thread of `ThreadedDisk`. */
import { parentPort } from 'node:worker_threads';
import { yieldToOthers } from './background-thread.ts';
import { runBatch } from './disk-batch.ts';
import type { SeriesRequest } from './disk-thread.ts';

yieldToOthers();
parentPort?.on('message', (requests: readonly SeriesRequest[]) =>
  parentPort?.postMessage(runBatch(requests)),
);
