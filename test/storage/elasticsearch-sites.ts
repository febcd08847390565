/** Indices of one test on each Elasticsearch that runs; they end with the test. */
import { describe, onTestFinished } from 'vitest';
import { type TestIndex, testIndex } from '../build/elasticsearch-index.ts';
import { type EngineName, engine } from '../build/engines.ts';

export async function openIndex(...settings: Parameters<typeof testIndex>): Promise<TestIndex> {
  const opened = await testIndex(...settings);
  onTestFinished(() => opened.dispose());
  return opened;
}

const VERSIONS = ['elasticsearch', 'elasticsearch9'] as const satisfies readonly EngineName[];

/** Declares the tests once for each version; where it does not run they are skipped, and say why. */
export function onEachElasticsearch(declare: (url: string) => void): void {
  for (const name of VERSIONS) {
    const state = engine(name);
    const isMissing = 'missing' in state;
    describe.skipIf(isMissing)(`${name}${isMissing ? ` (skipped: ${state.missing})` : ''}`, () =>
      declare(isMissing ? '' : state.url),
    );
  }
}

/** What the index has of a crash, and the same as JSON. */
export async function sourceOf(
  client: TestIndex['client'],
  id: string,
): Promise<readonly [Readonly<Record<string, unknown>>, string]> {
  await client.indices.refresh({ index: 'test*' });
  const { hits } = await client.search<Readonly<Record<string, unknown>>>({
    index: 'test*',
    query: { ids: { values: [id] } },
  });
  const source = hits.hits[0]?._source ?? {};
  return [source, JSON.stringify(source)];
}
