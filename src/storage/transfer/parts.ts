/** The parts of a crash, each with the SHA-256 that tells whether two stores have the same. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, RawCrash } from '../../model/report.ts';
import type { FullStore } from '../contract.ts';
import { codeOf } from '../errors.ts';
import { redact } from '../layers/redactor.ts';
import type { Rate } from './rate.ts';

export interface Part {
  /** `raw`, `processed`, or `dump ` and its name. */
  readonly part: string;
  /** Of a dump's bytes, or of the JSON text with its keys sorted. Hex. */
  readonly sha256: string;
  /** Of what the SHA-256 was taken. */
  readonly bytes: number;
}

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function jsonPart(part: string, value: unknown): Part {
  // Engines that keep JSON as JSON give its keys back in an order of their own (Postgres: JSONB).
  const text = Buffer.from(JSON.stringify(value, sorted));
  return { part, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
}

export const rawPart = (raw: RawCrash): Part => jsonPart('raw', raw);

/** Without the fields that one of the stores drops on purpose. */
export const processedPart = (processed: ProcessedCrash, redacted: readonly string[]): Part =>
  jsonPart('processed', redacted.length > 0 ? redact(processed, redacted) : processed);

export const dumpPartName = (name: string): string => `dump ${name}`;

/** What a read found, or undefined when the store says `not_found`. */
export async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'not_found') return undefined;
    throw error;
  }
}

async function* paced(source: Readable, rate: Rate, options: CallOptions): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      await rate.bytes(chunk.length, options);
      yield chunk;
    }
  } finally {
    source.destroy();
  }
}

/** Reads a dump to its end, no faster than `rate` allows. */
export async function dumpPart(dump: Dump, rate: Rate, options: CallOptions): Promise<Part> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of paced(await dump.open(options), rate, options)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { part: dumpPartName(dump.name), sha256: hash.digest('hex'), bytes };
}

/** A dump on its way into a store: its bytes are hashed as they pass, so that the source is read once. */
export interface Passing {
  readonly dump: Dump;
  /** Of the bytes that passed; reads the dump when none did, as when a store linked its file. */
  part(options: CallOptions): Promise<Part>;
}

export function passing(dump: Dump, rate: Rate): Passing {
  let passed: Part | undefined;
  async function* tapped(source: Readable, options: CallOptions): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of paced(source, rate, options)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    passed = { part: dumpPartName(dump.name), sha256: hash.digest('hex'), bytes };
  }
  const open = async (options: CallOptions = {}): Promise<Readable> =>
    Readable.from(tapped(await dump.open(options), options), { objectMode: false });
  // A store that reads the file by its path would be as fast as it likes.
  const { path, immutable, ...rest } = dump;
  const file = rate.limitsBytes ? {} : { path, immutable };
  return {
    dump: { ...rest, ...file, open },
    part: async (options) => passed ?? dumpPart(dump, rate, options),
  };
}

/** Handles on a crash's dumps. Rejects with `not_found` when one was removed meanwhile. */
export async function dumpsOf(store: FullStore, id: CrashId, options: CallOptions): Promise<readonly Dump[]> {
  const dumps: Dump[] = [];
  for (const { name } of await store.listDumps(id, options))
    dumps.push(await store.readDump(id, name, options));
  return dumps;
}
