/** Settings of the collector, section `collector`. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface CollectorSettings {
  readonly host: string;
  readonly port: number;
  readonly protocols: readonly string[];
  readonly paths: readonly string[];
  readonly products: readonly string[];
  readonly throttle_rules: string;
  readonly removed_fields: readonly string[];
  readonly resubmit_token: string;
  readonly max_compressed: number;
  readonly max_uncompressed: number;
  readonly max_ratio: number;
  readonly max_parts: number;
  readonly max_dumps: number;
  readonly max_dump: number;
  readonly max_part_header: number;
  readonly max_annotation: number;
  readonly max_annotations: number;
  readonly max_annotations_size: number;
  readonly max_drain: number;
  readonly upload_memory: number;
  readonly body_timeout: number;
  readonly idle_timeout: number;
  readonly header_timeout: number;
  readonly keep_alive: number;
  readonly max_connections: number;
  readonly retry_after: number;
  readonly close_timeout: number;
  readonly outcomes_flush: number;
  readonly outcomes_recent: number;
  readonly outcomes_keep: number;
}

const KiB = 1024;
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const DAY = 86_400_000;

/** Client fields that Socorro's collector never kept. */
const REMOVED_FIELDS = ['Email', 'TelemetryClientId', 'TelemetryServerURL', 'TelemetrySessionId'] as const;

const intake = {
  host: { doc: 'Address to listen on', format: String, default: '127.0.0.1' },
  port: { doc: 'Port to listen on; 0 takes any free one', format: 'port', default: 8001 },
  protocols: {
    doc: 'Wire protocols to serve: names of folders under collector/protocols',
    format: 'list',
    default: ['breakpad'],
  },
  paths: {
    doc: 'Where Breakpad, Crashpad, Electron and Firefox clients post, each PATH or PATH=ANSWER. Answers: `crashid` (`CrashID=bp-…`), `id` (the bare id), `hex16` (its first 16 hex digits), `json`',
    format: 'list',
    default: ['/submit'],
  },
  products: {
    doc: 'Products to accept, for the built-in throttle rules; empty accepts every product',
    format: 'list',
    default: [],
  },
  throttle_rules: {
    doc: 'JSON file of throttle rules, in place of the built-in ones',
    format: String,
    default: '',
  },
  removed_fields: {
    doc: 'Annotations that are never kept',
    format: 'list',
    default: [...REMOVED_FIELDS],
  },
  resubmit_token: {
    doc: 'Bearer token with which a client may name the crash id itself (annotation `uuid`); empty refuses every such upload',
    format: String,
    default: '',
    sensitive: true,
  },
} as const;

const caps = {
  max_compressed: { doc: 'Largest body as it comes over the wire', format: 'bytes', default: 2 * GiB },
  max_uncompressed: { doc: 'Largest body after decompression', format: 'bytes', default: 4 * GiB },
  max_ratio: {
    doc: 'Highest ratio of uncompressed to compressed bytes, looked at after the first 16 MiB',
    format: 'nat',
    default: 300,
  },
  max_parts: { doc: 'Form parts of one upload', format: 'nat', default: 2000 },
  max_dumps: { doc: 'Dumps and attachments of one upload', format: 'nat', default: 32 },
  max_dump: { doc: 'Largest dump or attachment', format: 'bytes', default: 2 * GiB },
  max_part_header: { doc: 'Largest header of a form part', format: 'bytes', default: 16 * KiB },
  max_annotation: { doc: 'Largest value of an annotation', format: 'bytes', default: MiB },
  max_annotations: { doc: 'Annotations of one upload', format: 'nat', default: 2000 },
  max_annotations_size: {
    doc: 'All annotations of one upload together, names included; also the largest JSON part',
    format: 'bytes',
    default: 4 * MiB,
  },
  max_drain: {
    doc: 'After a limit was hit: how much more of a body is read and thrown away, so that the client hears its answer',
    format: 'bytes',
    default: GiB,
  },
  upload_memory: {
    doc: 'Memory for annotations, dump buffers (1 MiB an upload) and decompression (zstd: 8 MiB an upload) of all uploads in hand. Past it dumps and annotations are dropped, and compressed bodies answered with 503',
    format: 'bytes',
    default: 512 * MiB,
  },
} as const;

const times = {
  body_timeout: { doc: 'Time limit for one body', format: 'duration', default: 300_000 },
  idle_timeout: { doc: 'Longest silence of a client within a body', format: 'duration', default: 60_000 },
  header_timeout: { doc: 'Time limit for the HTTP headers', format: 'duration', default: 20_000 },
  keep_alive: { doc: 'How long an idle connection stays open', format: 'duration', default: 72_000 },
  max_connections: { doc: 'Open connections; further ones are refused', format: 'nat', default: 4096 },
  retry_after: {
    doc: 'What a client is told to wait when nothing can be accepted',
    format: 'duration',
    default: 60_000,
  },
  close_timeout: {
    doc: 'How long uploads in hand may go on at shutdown',
    format: 'duration',
    default: 10_000,
  },
  outcomes_flush: {
    doc: 'How often outcomes are written to the database. After `kill -9` or a power cut those of that time are missing; no crash is',
    format: 'duration',
    default: 250,
  },
  outcomes_recent: {
    doc: 'Outcomes kept one by one; older ones live on as counts',
    format: 'nat',
    default: 10_000,
  },
  outcomes_keep: { doc: 'For how long the counts are kept', format: 'duration', default: 400 * DAY },
} as const;

export const collectorSchema: SettingsSchema<CollectorSettings> = { ...intake, ...caps, ...times };
