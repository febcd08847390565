/**
 * Everything that a search finds, page by page, as it was when the first page was asked for: a point in time, and from
 * there on the place after the last hit. What was saved before is seen, because the indices are refreshed first: those
 * who read pay for it, which is rare, and not those who write.
 */
import type { Client, estypes } from '@elastic/elasticsearch';
import type { CallOptions } from '../../model/report.ts';
import { answerOf } from './errors.ts';

export interface PagesRequest {
  /** Name or pattern; what is not there has nothing. */
  readonly index: string;
  readonly query: estypes.QueryDslQueryContainer;
  /** Ends in what is different for every hit. */
  readonly sort: readonly string[];
  /** Parts of the documents; none: the ids alone. */
  readonly source: readonly string[];
  readonly size: number;
}

export type Hit = estypes.SearchHit<Readonly<Record<string, unknown>>>;

/** Renewed by each page; a reader who takes longer gets a new point in time, from where he is. */
const KEEP_ALIVE = '5m';

const isExpired = (error: unknown): boolean => {
  const answer = answerOf(error);
  return answer?.status === 404 && JSON.stringify(answer.error ?? '').includes('search_context_missing');
};

const anyIndices = { ignore_unavailable: true, expand_wildcards: 'open' as const };

export async function* pages(
  client: Client,
  request: PagesRequest,
  options: CallOptions & { readonly timeoutMs: number },
): AsyncGenerator<readonly Hit[]> {
  const { signal, timeoutMs } = options;
  const limits = { requestTimeout: timeoutMs, ...(signal && { signal }) };
  const { index } = request;
  await client.indices.refresh({ index, ...anyIndices, allow_no_indices: true }, limits);
  const open = async (): Promise<string> =>
    (await client.openPointInTime({ index, keep_alive: KEEP_ALIVE, ...anyIndices }, limits)).id;
  let pit: string | undefined = await open();
  let isFresh = true;
  try {
    for (let after: estypes.SortResults | undefined; ; ) {
      const asked = { ...searchOf(request, after), pit: { id: pit, keep_alive: KEEP_ALIVE } };
      let page: estypes.SearchResponse<Readonly<Record<string, unknown>>>;
      try {
        page = await client.search(asked, limits);
      } catch (error) {
        if (!isExpired(error) || isFresh) throw error;
        pit = undefined;
        pit = await open();
        isFresh = true;
        continue;
      }
      isFresh = false;
      pit = page.pit_id ?? pit;
      const { hits } = page.hits;
      after = hits.at(-1)?.sort;
      if (hits.length > 0) yield hits;
      if (hits.length < request.size || !after) return;
    }
  } finally {
    // Without the reader's signal: that may be why we are here. What cannot be closed ends by itself.
    if (pit) await client.closePointInTime({ id: pit }, { requestTimeout: timeoutMs }).catch(() => undefined);
  }
}

function searchOf(
  { query, sort, source, size }: PagesRequest,
  after: estypes.SortResults | undefined,
): estypes.SearchRequest {
  return {
    query,
    size,
    sort: sort.map((field) => ({
      [field]: { order: 'asc', unmapped_type: field === 'crash_date' ? 'date' : 'keyword' },
    })),
    _source: source.length > 0 ? [...source] : false,
    track_total_hits: false,
    // A shard that does not answer would look like a day without crashes.
    allow_partial_search_results: false,
    ...(after && { search_after: after }),
  };
}
