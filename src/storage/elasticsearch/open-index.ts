/** From the settings to an index that can be used: what the store, upkeep and scripts begin with. */
import type { Client } from '@elastic/elasticsearch';
import { FIELDS } from '../../search/field-list.ts';
import { openClient } from './connection.ts';
import { CrashIndex } from './crash-index.ts';
import { ElasticsearchDocumentStorage, ElasticsearchStorage } from './elasticsearch-storage.ts';
import { elasticsearchError, type Site } from './errors.ts';
import { checkSettings, type ElasticsearchSettings, type Label } from './settings.ts';

interface Opened {
  readonly client: Client;
  readonly index: CrashIndex;
}

async function connect(settings: ElasticsearchSettings, name: string, label: Label): Promise<Opened> {
  const index = checkSettings(settings, name, label);
  const client = await openClient(settings, label);
  const site: Site = { name, urls: settings.url, label };
  return { client, index: new CrashIndex({ client, site, settings, index, fields: FIELDS }) };
}

/** The store, when the server answers and has an index template of ours that is not old. Rejects with a StorageError. */
export async function openStorage(
  settings: ElasticsearchSettings,
  name: string,
  label: Label,
): Promise<ElasticsearchStorage> {
  const { client, index } = await connect(settings, name, label);
  try {
    await index.template.load();
  } catch (error) {
    await index.close();
    throw elasticsearchError(index.site, error);
  }
  return settings.keep_document
    ? new ElasticsearchDocumentStorage(index, client)
    : new ElasticsearchStorage(index, client);
}

/** An index for one piece of work, its template looked at or not; closed when that has ended, well or badly. */
export async function withIndex<T>(
  settings: ElasticsearchSettings,
  name: string,
  label: Label,
  work: (index: CrashIndex) => Promise<T>,
): Promise<T> {
  const { index } = await connect(settings, name, label);
  try {
    return await work(index);
  } catch (error) {
    throw elasticsearchError(index.site, error);
  } finally {
    await index.close();
  }
}
