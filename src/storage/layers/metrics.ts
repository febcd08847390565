/** Counts calls, how long they take, and the bytes of dumps and blobs, by store and method. */
import { declareMetrics } from '../../lib/metrics.ts';
import type { Dump, Report } from '../../model/report.ts';
import type { Store } from '../contract.ts';
import { codeOf } from '../errors.ts';
import { type Call, layerOver } from './layer.ts';

const metrics = declareMetrics({
  storage_calls_total: {
    type: 'counter',
    help: 'Calls by outcome: ok, or the code of the error',
    labels: ['store', 'method', 'outcome'],
  },
  storage_call_seconds: { type: 'histogram', help: 'How long calls take', labels: ['store', 'method'] },
  storage_bytes_total: {
    type: 'counter',
    help: 'Bytes of dumps and blobs written, or handed out to be read',
    labels: ['store', 'method'],
  },
});

function bytesOf({ method, args }: Call, result: unknown): number {
  if (method === 'saveReport') return (args[0] as Report).dumps.reduce((sum, dump) => sum + dump.size, 0);
  if (method === 'putBlob') return (args[1] as Dump).size;
  if (method === 'readDump' || method === 'getBlob') return (result as Dump).size;
  return 0;
}

export function withMetrics(inner: Store): Store {
  const store = inner.name;
  const ended = ({ method }: Call, start: number, outcome: string): void => {
    metrics.count('storage_calls_total', { store, method, outcome });
    metrics.observe('storage_call_seconds', (performance.now() - start) / 1000, { store, method });
  };
  return layerOver(inner, 'metrics', {
    async call(call, run) {
      const start = performance.now();
      try {
        const result = await run();
        ended(call, start, 'ok');
        const bytes = bytesOf(call, result);
        if (bytes > 0) metrics.count('storage_bytes_total', { store, method: call.method }, bytes);
        return result;
      } catch (error) {
        ended(call, start, codeOf(error) ?? 'internal');
        throw error;
      }
    },
    async *iterate(call, run) {
      const start = performance.now();
      let outcome = 'ok';
      try {
        yield* run();
      } catch (error) {
        outcome = codeOf(error) ?? 'internal';
        throw error;
      } finally {
        ended(call, start, outcome);
      }
    },
  });
}
