import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { Client } from '@elastic/elasticsearch';
import type { CrashId } from '../../src/model/crash-id.ts';
import { WeekIndices } from '../../src/storage/elasticsearch/week-indices.ts';
import { ownIndex, type TestIndex, testIndex } from '../../test/build/elasticsearch-index.ts';
import { type EngineName, engine } from '../../test/build/engines.ts';
import {
  type Contender,
  newId,
  type Place,
  type ProcessedStore,
  processed,
  processedContender,
  type Subject,
} from './subject.ts';

const compress = promisify(deflateRaw);
const expand = promisify(inflateRaw);

function urlOf(name: EngineName): string {
  const state = engine(name);
  if ('missing' in state) throw new Error(state.missing);
  return state.url;
}

const openIndex = (place: Place): Promise<TestIndex> =>
  testIndex({ url: place['url'], index: place['index'], keep_document: true, bulk_wait: '5ms' });

/** One bulk request for each crash: what a client does whose callers each wait for their own. */
async function bare(place: Place): Promise<Contender> {
  const client = new Client({ node: String(place['url']) });
  const index = String(place['week']);
  const source = JSON.parse(String(place['document'])) as Readonly<Record<string, unknown>>;
  return {
    async write() {
      const id = newId();
      const packed = await compress(Buffer.from(JSON.stringify(processed(id))), { level: 3 });
      const document = { ...source, crash_id: id, document: packed.toString('base64') };
      const { items } = await client.bulk({
        operations: [{ index: { _index: index, _id: id } }, document],
      });
      if (items[0]?.index?.error) throw new Error(JSON.stringify(items[0].index.error));
      return id;
    },
    async read(id) {
      const { _source } = await client.get<{ readonly document: string }>({
        index,
        id,
        _source_includes: ['document'],
      });
      JSON.parse((await expand(Buffer.from(_source?.document ?? '', 'base64'))).toString());
      return 1;
    },
    close: () => client.close(),
  };
}

export const elasticsearch = (name: 'elasticsearch' | 'elasticsearch9'): Subject => ({
  engine: name,
  dumps: false,
  async prepare() {
    const place = { url: urlOf(name), index: ownIndex() };
    const opened = await openIndex(place);
    const contender = processedContender(opened.store as unknown as ProcessedStore);
    const id = await contender.write();
    const week = new WeekIndices(place.index).of(id as CrashId);
    const { _source } = await opened.client.get({ index: week, id });
    await contender.close();
    return { ...place, week, document: JSON.stringify(_source) };
  },
  remove: async (place) => (await openIndex(place)).dispose(),
  open: async (place) => (await openIndex(place)).store as unknown as ProcessedStore,
  bare,
});
