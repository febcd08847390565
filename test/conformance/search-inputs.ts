/** Crashes that differ in what searches ask for, and the fields that they are asked by. */
import assert from 'node:assert/strict';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { type FieldDefinition, protectedField, publicField } from '../../src/search/fields.ts';
import type { SearchQuery } from '../../src/search/query.ts';
import type { CrashStorage } from '../../src/storage/contract.ts';

export type SearchCase = (title: string, body: (store: SearchStore) => Promise<void>) => void;

export type SearchStore = CrashStorage<'processed.write' | 'remove' | 'search' | 'scan'>;

/** One of each type, a list, an annotation and a note of the collector. */
export const SEARCH_FIELDS: readonly FieldDefinition[] = [
  publicField('uuid', 'keyword', 'Crash id.', { path: 'id' }),
  publicField('date', 'date', 'Received.', { path: 'date_processed' }),
  publicField('signature', 'keyword', 'Signature.'),
  publicField('product', 'keyword', 'Product.'),
  publicField('version', 'version', 'Version.'),
  publicField('uptime', 'integer', 'Seconds.'),
  publicField('memory', 'number', 'Bytes.', { path: 'memory.total' }),
  publicField('startup_crash', 'boolean', 'At start.'),
  publicField('client_crash_date', 'date', 'On the client.'),
  publicField('abort_message', 'text', 'Message.'),
  publicField('failed_rules', 'keyword', 'Rules.', { path: 'failed_rules.rule', many: true }),
  protectedField('email', 'keyword', 'Address.', { from: 'raw', path: 'Email.Address' }),
  publicField('outcome', 'keyword', 'Outcome.', { from: 'collector' }),
];

export const HOUR = 3_600_000;
export const T0 = new Date('2026-11-20T00:00:00Z');
/** So many hours after T0. */
export const at = (hours: number): Date => new Date(T0.getTime() + hours * HOUR);
export const T1 = new Date('2026-11-22T00:00:00Z');

export interface Crash {
  readonly raw: RawCrash;
  readonly processed: ProcessedCrash;
}

/** `fields` are of the processed crash; `email` goes into the annotations. */
export function crash(
  received: Date,
  fields: Readonly<Record<string, unknown>> = {},
  email?: string,
  id: CrashId = createCrashId(received),
): Crash {
  const raw: RawCrash = {
    id,
    annotations: email === undefined ? {} : { 'Email.Address': email },
    receivedAt: received.toISOString(),
    metadata: {
      payload: 'multipart',
      compressed: false,
      size: 1,
      notes: [],
      userAgent: 'test',
      throttleRule: 'all',
      outcome: 'accepted',
    },
  };
  const base = { id, signature: 'main', date_processed: received.toISOString() };
  return { raw, processed: { ...base, ...fields } };
}

export async function saveAll(store: SearchStore, crashes: readonly Crash[]): Promise<void> {
  await Promise.all(crashes.map(({ raw, processed }) => store.saveProcessed(raw, processed)));
}

/** Everything between T0 and T1 unless told otherwise; shows the crash id. */
export const query = (rest: Partial<SearchQuery> = {}): SearchQuery => ({
  from: T0,
  to: T1,
  filters: [],
  columns: ['uuid'],
  ...rest,
});

/** The crash ids of a search, in order. */
export async function idsOf(store: SearchStore, rest: Partial<SearchQuery>): Promise<readonly unknown[]> {
  const { hits } = await store.search(query(rest));
  return hits.map((hit) => hit['uuid']);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Rejects with this code; the text of the error matches. */
export async function rejects(work: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.equal((error as { code?: unknown }).code, code);
    assert.match((error as Error).message, text);
    return true;
  });
}
