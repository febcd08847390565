/**
 * Raw and processed crashes as Socorro writes them: annotations flat in one object, what the collector noted under
 * `metadata` (Antenna's breakpad_resource.py; collector, "after parsing"). Pure: for every store that keeps
 * Socorro's files.
 *
 * Crashes of ours come back exactly. What the format has no room for is kept under `metadata.auxilio`, which other
 * readers ignore: an annotation that one of the collector's own keys would overwrite, and an outcome that the
 * throttle digit of the id does not tell.
 */
import { type CrashId, throttleDigitOf } from '../model/crash-id.ts';
import type { ProcessedCrash } from '../model/processed-crash.ts';
import type { CollectorMetadata, DumpInfo, RawCrash } from '../model/report.ts';

type Json = Readonly<Record<string, unknown>>;
type Annotations = Readonly<Record<string, string>>;

/** Keys that the collector sets, whatever the client sent. */
const COLLECTOR_KEYS: ReadonlySet<string> = new Set(['submitted_timestamp', 'metadata', 'version', 'uuid']);

const PAYLOADS = ['multipart', 'json', 'unknown'] as const;

/** What only we write. */
interface Own {
  readonly annotations?: Annotations;
  readonly outcome?: CollectorMetadata['outcome'];
  readonly receivedAt?: string;
}

export interface SocorroRaw {
  readonly raw: RawCrash;
  /** SHA-256 by the name of the dump; other digests (old files have MD5) are left out. */
  readonly checksums: Annotations;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Python's `datetime.isoformat()` of a UTC time: `+00:00`, microseconds unless they are zero. */
function pythonTime(iso: string): string {
  const text = iso.replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === '000' ? '' : `.${ms}000`));
  return `${text.replace(/Z$/, '')}+00:00`;
}

/** ISO 8601 with milliseconds; text that is no time is left as it is. */
function isoTime(python: string): string {
  // Older collectors wrote local-looking times without an offset; they were UTC.
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(python) ? python : `${python}Z`;
  const date = new Date(zoned.replace(/^(\d{4}-\d\d-\d\d) /, '$1T').replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(date.getTime()) ? python : date.toISOString();
}

/** What the id alone says; 1 is deferred in Antenna's ids and a radix depth in older ones. */
const outcomeOf = (id: CrashId): CollectorMetadata['outcome'] =>
  throttleDigitOf(id) === 1 ? 'deferred' : 'accepted';

export function toSocorroRaw(raw: RawCrash, dumps: readonly DumpInfo[]): Json {
  const { annotations, metadata, receivedAt, id } = raw;
  const entries = Object.entries(annotations);
  const displaced = entries.filter(([name]) => COLLECTOR_KEYS.has(name));
  const timestamp = pythonTime(receivedAt);
  const own: Own = {
    ...(displaced.length > 0 ? { annotations: Object.fromEntries(displaced) } : {}),
    ...(metadata.outcome === outcomeOf(id) ? {} : { outcome: metadata.outcome }),
    ...(isoTime(timestamp) === receivedAt ? {} : { receivedAt }),
  };
  const checksums = dumps.filter((d) => d.sha256 !== undefined).map((d) => [d.name, d.sha256]);
  return Object.fromEntries([
    ...entries.filter(([name]) => !COLLECTOR_KEYS.has(name)),
    ['submitted_timestamp', timestamp],
    [
      'metadata',
      {
        payload: metadata.payload,
        payload_compressed: metadata.compressed ? '1' : '0',
        payload_size: metadata.size,
        collector_notes: [...metadata.notes],
        dump_checksums: Object.fromEntries(checksums) as Annotations,
        user_agent: metadata.userAgent,
        throttle_rule: metadata.throttleRule,
        ...(Object.keys(own).length > 0 ? { auxilio: own } : {}),
      },
    ],
    ['version', 2],
    ['uuid', id],
  ]) as Json;
}

/** Values that are no text become their JSON, as annotations are text. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const stringsOf = (value: unknown): Annotations =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, textOf(v)])) : {};

function metadataOf(value: Json): Omit<CollectorMetadata, 'outcome'> {
  const { payload, payload_compressed, payload_size, collector_notes, user_agent, throttle_rule } = value;
  return {
    payload: PAYLOADS.find((known) => known === payload) ?? 'unknown',
    compressed: [true, 1, '1', 'true', 'True'].some((yes) => yes === payload_compressed),
    size: Number.isFinite(Number(payload_size)) ? Number(payload_size ?? 0) : 0,
    notes: Array.isArray(collector_notes) ? collector_notes.map(textOf) : [],
    userAgent: typeof user_agent === 'string' ? user_agent : '',
    throttleRule: typeof throttle_rule === 'string' ? throttle_rule : '',
  };
}

/** Before there was metadata the throttle result was an annotation, 1 for deferred, and the digit a radix depth. */
function outcomeIn(json: Json, id: CrashId): CollectorMetadata['outcome'] {
  if ('metadata' in json) return outcomeOf(id);
  return Number(json['legacy_processing']) === 1 ? 'deferred' : 'accepted';
}

/** Reads what any collector of that family wrote. The id is the one that was asked for, whatever the file says. */
export function fromSocorroRaw(id: CrashId, json: Json): SocorroRaw {
  const metadata = isObject(json['metadata']) ? json['metadata'] : undefined;
  const own: Own = metadata && isObject(metadata['auxilio']) ? (metadata['auxilio'] as Own) : {};
  const flat = Object.entries(json).filter(
    ([name]) => !COLLECTOR_KEYS.has(name) && name !== 'dump_checksums',
  );
  // `dump_checksums` stood beside the annotations before there was metadata; a text of that name is an annotation.
  const oldSums = isObject(json['dump_checksums']) ? stringsOf(json['dump_checksums']) : {};
  const kept = 'dump_checksums' in json && !isObject(json['dump_checksums']);
  const sums = { ...oldSums, ...stringsOf(metadata?.['dump_checksums']) };
  const read = metadataOf(metadata ?? {});
  const outcome = own.outcome ?? outcomeIn(json, id);
  return {
    raw: {
      id,
      annotations: Object.fromEntries([
        ...flat.map(([name, value]) => [name, textOf(value)] as const),
        ...(kept ? [['dump_checksums', textOf(json['dump_checksums'])] as const] : []),
        ...Object.entries(own.annotations ?? {}),
      ]),
      receivedAt: own.receivedAt ?? isoTime(textOf(json['submitted_timestamp'] ?? '')),
      metadata: { ...read, outcome },
    },
    checksums: Object.fromEntries(Object.entries(sums).filter(([, sum]) => /^[0-9a-f]{64}$/.test(sum))),
  };
}

/** Socorro calls the id `uuid`; a crash that has a field of that name keeps both. */
export function toSocorroProcessed(processed: ProcessedCrash): Json {
  if (Object.hasOwn(processed, 'uuid')) return processed;
  const { id, ...fields } = processed;
  return { uuid: id, ...fields };
}

export function fromSocorroProcessed(id: CrashId, json: Json): ProcessedCrash {
  const signature = typeof json['signature'] === 'string' ? json['signature'] : '';
  if (Object.hasOwn(json, 'id')) return { ...json, id, signature };
  const { uuid: _uuid, ...fields } = json;
  return { ...fields, id, signature };
}
