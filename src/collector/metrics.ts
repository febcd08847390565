/** What the collector counts. The names are Socorro's (`socorro.collector.…`) with our prefix. */
import { declareMetrics } from '../lib/metrics.ts';

const MiB = 1024 ** 2;
const SIZES = [
  1024,
  16 * 1024,
  64 * 1024,
  256 * 1024,
  MiB,
  4 * MiB,
  16 * MiB,
  64 * MiB,
  256 * MiB,
  1024 * MiB,
];

export const metrics = declareMetrics({
  collector_incoming_total: { type: 'counter', help: 'Uploads whose annotations could be read' },
  collector_malformed_total: {
    type: 'counter',
    help: 'Uploads refused as malformed, by reason',
    labels: ['reason'],
  },
  collector_throttle_total: { type: 'counter', help: 'Throttle results', labels: ['result'] },
  collector_throttle_rule_total: {
    type: 'counter',
    help: 'Throttle rules that decided an upload',
    labels: ['rule'],
  },
  collector_unauthorized_uuid_total: {
    type: 'counter',
    help: 'Uploads that named their crash id without the resubmit token',
  },
  collector_truncated_total: {
    type: 'counter',
    help: 'Limits that dropped part of an upload; one upload may hit several',
    labels: ['reason'],
  },
  collector_outcomes_total: {
    type: 'counter',
    help: 'Uploads by outcome, one each',
    labels: ['outcome'],
  },
  collector_outcomes_lost_total: {
    type: 'counter',
    help: 'Outcomes that could not be kept in the database because too many waited for it',
  },
  collector_upload_seconds: { type: 'histogram', help: 'From the headers to the answer' },
  collector_crash_size_bytes: {
    type: 'histogram',
    help: 'Size of bodies: `wire` as received, `uncompressed` after decompression (compressed ones only)',
    labels: ['payload'],
    buckets: SIZES,
  },
  collector_decompressed_total: {
    type: 'counter',
    help: 'Compressed bodies by content coding and result',
    labels: ['coding', 'result'],
  },
  collector_unsaved_total: {
    type: 'counter',
    help: 'Uploads answered with 503 because the spool could not take them',
    labels: ['code'],
  },
  collector_client_gone_total: { type: 'counter', help: 'Connections closed by the client within a body' },
  collector_http_errors_total: {
    type: 'counter',
    help: 'Requests refused below HTTP routing (bad syntax, header floods, slow headers), by code',
    labels: ['code'],
  },
  collector_refused_connections_total: {
    type: 'counter',
    help: 'Connections refused because too many were open',
  },
  collector_uploads: { type: 'gauge', help: 'Uploads in hand' },
});
