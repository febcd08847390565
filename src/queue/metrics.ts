import { declareMetrics } from '../lib/metrics.ts';

export const metrics = declareMetrics({
  queue_published: { type: 'counter', help: 'Tasks taken in durably', labels: ['lane'] },
  queue_settled: {
    type: 'counter',
    help: 'What became of deliveries; `lost` when the lease was gone before the handler ended',
    labels: ['lane', 'outcome'],
  },
  queue_taken_back: { type: 'counter', help: 'Tasks taken back from consumers that died' },
  queue_paused: { type: 'gauge', help: '1 while the consumer waits for engines that are down' },
  queue_errors: {
    type: 'counter',
    help: 'Operations of the queue that failed and were tried again',
    labels: ['operation'],
  },
});
