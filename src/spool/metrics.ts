/** Metrics of the spool. */
import { declareMetrics } from '../lib/metrics.ts';

export const spoolMetrics = declareMetrics({
  spool_entries: { type: 'gauge', help: 'Reports waiting to be stored and queued' },
  spool_bytes: { type: 'gauge', help: 'Bytes of the reports waiting to be stored and queued' },
  spool_oldest_seconds: { type: 'gauge', help: 'Age of the report that has waited longest' },
  spool_free_bytes: { type: 'gauge', help: 'Bytes free on the disk of the spool' },
  spool_failed_reports: { type: 'gauge', help: 'Reports set aside because the store refused them for good' },
  spool_commits_total: {
    type: 'counter',
    help: 'Attempts to make a report durable',
    labels: ['result'],
  },
  spool_commit_seconds: { type: 'histogram', help: 'From the last byte to the durable report' },
  spool_group_records: {
    type: 'histogram',
    help: 'Reports made durable by one sync of the journal',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
  },
  spool_moves_total: {
    type: 'counter',
    help: 'Reports taken to store and queue, and failures to do so by reason',
    labels: ['result'],
  },
  spool_move_seconds: { type: 'histogram', help: 'Time to store and queue one report' },
  spool_damaged_total: {
    type: 'counter',
    help: 'Parts of reports found damaged on the disk after a power cut or by a fault of it',
    labels: ['what'],
  },
  spool_adopted_total: { type: 'counter', help: 'Reports taken over from processes that died' },
});
