/** Crashes and dumps to try stores with. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type CrashId, createCrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { Dump, RawCrash, Report } from '../../model/report.ts';

export const DAY = '2026-11-21';

export const idOn = (day: string): CrashId => createCrashId(new Date(`${day}T12:00:00Z`));

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

/** Frozen all the way down: a store that edits its input throws. */
export function rawCrash(
  annotations: Readonly<Record<string, string>> = { ProductName: 'Sample', Version: '1.0' },
  id: CrashId = idOn(DAY),
): RawCrash {
  return deepFreeze({
    id,
    annotations,
    receivedAt: '2026-11-21T12:00:00.123Z',
    metadata: {
      payload: 'multipart',
      compressed: true,
      size: 4321,
      notes: ['includes/excludes: a note'],
      userAgent: 'curl/8',
      throttleRule: 'accept_everything',
      outcome: 'accepted',
    },
  });
}

export function processedCrash(id: CrashId, fields: Readonly<Record<string, unknown>> = {}): ProcessedCrash {
  return deepFreeze({
    id,
    signature: 'main | start',
    complete: true,
    date_processed: '2026-11-21T12:00:01.000Z',
    product: 'Sample',
    version: '1.0',
    processor_notes: 'ü | ">" | \u0000',
    json_dump: { status: 'OK', crash_info: { crashing_thread: 0 }, threads: [{ frames: [] }] },
    signature_input: { os: 'Linux', threads: [] },
    signature_trace: { rules: [] },
    nothing: null,
    list: [1, 2.5, -3, 'x', [], {}],
    ...fields,
  });
}

/** A dump held in memory, with its SHA-256. */
export function dumpOf(name: string, bytes: Uint8Array): Dump {
  return {
    name,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: async () => Readable.from(bytes.length > 0 ? [Buffer.from(bytes)] : [], { objectMode: false }),
  };
}

export const textDump = (name: string, text: string): Dump => dumpOf(name, Buffer.from(text));

/** A dump whose bytes come from a generator; `size` may be a lie. */
export const generatedDump = (
  name: string,
  size: number,
  source: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Dump => ({ name, size, open: async () => Readable.from(source(), { objectMode: false }) });

export const report = (raw: RawCrash, ...dumps: readonly Dump[]): Report => Object.freeze({ raw, dumps });

export async function bytesOf(dump: Dump): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await dump.open()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
