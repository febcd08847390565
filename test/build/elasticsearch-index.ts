/** Indices of a test's own in an Elasticsearch that runs, and what removes them. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import { parseSettings } from '../../src/lib/settings.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import type { FieldDefinition } from '../../src/search/fields.ts';
import type { CrashStorage } from '../../src/storage/contract.ts';
import { openClient } from '../../src/storage/elasticsearch/connection.ts';
import { CrashIndex } from '../../src/storage/elasticsearch/crash-index.ts';
import {
  ElasticsearchDocumentStorage,
  ElasticsearchStorage,
} from '../../src/storage/elasticsearch/elasticsearch-storage.ts';
import { elasticsearchError } from '../../src/storage/elasticsearch/errors.ts';
import {
  checkSettings,
  type ElasticsearchSettings,
  elasticsearchSchema,
} from '../../src/storage/elasticsearch/settings.ts';
import { labelOf } from './leaf.ts';

/** What operators write: `STORE_INDEX_URL`. */
export const label = labelOf('index');

/** `test` and random digits: index names that no other test has. */
export const ownIndex = (): string => `test${randomBytes(6).toString('hex')}-%Y%W`;

export const settingsOf = (options: Readonly<Record<string, unknown>>): ElasticsearchSettings =>
  parseSettings(elasticsearchSchema, options, label);

export interface TestIndex {
  readonly index: CrashIndex;
  readonly store: ElasticsearchStorage;
  readonly client: Client;
  /** Removes indices and template, and closes. */
  dispose(): Promise<void>;
}

/** A store whose template is there, on indices of its own. `options` are its settings, `url` among them. */
export async function testIndex(
  options: Readonly<Record<string, unknown>>,
  fields: readonly FieldDefinition[] = FIELDS,
): Promise<TestIndex> {
  const settings = settingsOf({ index: ownIndex(), bulk_wait: '5ms', ...options });
  const name = checkSettings(settings, 'index', label);
  const client = await openClient(settings, label);
  const site = { name: 'index', urls: settings.url, label };
  const index = new CrashIndex({ client, site, settings, index: name, fields });
  await index.applyFields(fields);
  const store = settings.keep_document
    ? new ElasticsearchDocumentStorage(index, client)
    : new ElasticsearchStorage(index, client);
  return {
    index,
    store,
    client,
    async dispose() {
      await store.close();
      const own = await openClient(settings, label);
      const removing = new CrashIndex({ client: own, site, settings, index: name, fields });
      try {
        await removing.wipe();
        await removing.template.remove();
      } finally {
        await removing.close();
      }
    },
  };
}

/** The store as it will be when it declares `search`, for cases that apply fields and drop days; it cannot search yet. */
export type ScanStore = CrashStorage<'processed.write' | 'remove' | 'scan'> & {
  applyFields(fields: readonly FieldDefinition[]): Promise<void>;
  dropBefore(day: string): Promise<readonly string[]>;
};

export function scanStore({ index, store }: TestIndex): ScanStore {
  const coded = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw elasticsearchError(index.site, error);
    });
  return {
    name: store.name,
    use: store.use,
    children: [],
    capabilities: store.capabilities,
    health: (o) => store.health(o),
    close: (o) => store.close(o),
    saveProcessed: (raw, processed, o) => store.saveProcessed(raw, processed, o),
    remove: (id, o) => store.remove(id, o),
    scan: (request, o) => store.scan(request, o),
    applyFields: async (fields) => {
      await coded(index.applyFields(fields));
    },
    dropBefore: (day) => coded(index.dropBefore(day)),
  };
}
