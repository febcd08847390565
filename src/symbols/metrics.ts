/** Metrics of stack walks and symbol files. */
import { declareMetrics } from '../lib/metrics.ts';

export const metrics = declareMetrics({
  stackwalk_runs_total: {
    type: 'counter',
    help: 'Stack walks by tool and outcome (ok, failed, timeout, empty)',
    labels: ['tool', 'outcome'],
  },
  stackwalk_seconds: {
    type: 'histogram',
    help: 'Time of one run of a walker, symbols not counted',
    labels: ['tool'],
  },
  stackwalk_symbols_seconds: {
    type: 'histogram',
    help: 'Time in which the symbols of one crash were gathered',
  },
  symbols_fetch_total: {
    type: 'counter',
    help: 'Symbol files asked of a source, by outcome (found, missing, unavailable, refused)',
    labels: ['source', 'outcome'],
  },
  symbols_cache_total: {
    type: 'counter',
    help: 'Symbol files asked of the cache, by outcome (hit, known_missing, miss)',
    labels: ['outcome'],
  },
  symbols_cache_bytes: { type: 'gauge', help: 'Size of the symbol cache, as far as this process knows' },
  symbols_cache_evicted_total: {
    type: 'counter',
    help: 'Symbol files removed to keep the cache below its limit',
  },
});
