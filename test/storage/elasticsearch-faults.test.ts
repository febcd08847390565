/** An Elasticsearch that refuses, has no room, breaks off or hangs while crashes are saved. */
import { describe, expect, it } from 'vitest';
import type { TestIndex } from '../build/elasticsearch-index.ts';
import { collect, crash, T0 } from '../conformance/search-inputs.ts';
import {
  answer,
  elasticsearchMissing,
  pass,
  refuse,
  serve,
  elasticsearchUrl as url,
  whySkipped,
} from './elasticsearch-proxy.ts';
import { openIndex } from './elasticsearch-sites.ts';

const save = (test: TestIndex, signal?: AbortSignal): Promise<void> => {
  const one = crash(T0);
  return test.store.saveProcessed(one.raw, one.processed, { signal });
};

describe.skipIf(elasticsearchMissing)(`a server in trouble${whySkipped}`, () => {
  it('several addresses: one that is down is passed over, without an error', async () => {
    const test = await openIndex({ url: `http://127.0.0.1:1,${url}` });
    for (let i = 0; i < 10; i += 1) await save(test);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(10);
  });

  it('429 and rejected items are sent again until there is room', async () => {
    let refusals = 0;
    const test = await openIndex({
      url: await serve((incoming, response) => {
        if (incoming.url?.startsWith('/_bulk') && refusals < 3) {
          refusals += 1;
          if (refusals < 3)
            refuse(
              429,
              'es_rejected_execution_exception',
              'rejected execution of coordinating operation',
            )(incoming, response);
          else {
            incoming.resume();
            const error = {
              type: 'es_rejected_execution_exception',
              reason: 'rejected execution of primary operation',
            };
            answer(response, 200, { items: [{ index: { status: 429, error } }] });
          }
        } else pass(incoming, response);
      }),
    });
    await save(test);
    expect(refusals).toBe(3);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(1);
  });

  it('no room for ever: rate_limited, after as many attempts as were set', async () => {
    let bulks = 0;
    const test = await openIndex({
      bulk_retries: 2,
      url: await serve((incoming, response) => {
        if (!incoming.url?.startsWith('/_bulk')) return pass(incoming, response);
        bulks += 1;
        refuse(429, 'circuit_breaking_exception', '[parent] Data too large')(incoming, response);
      }),
    });
    await expect(save(test)).rejects.toMatchObject({ code: 'rate_limited', retryable: true });
    expect(bulks).toBe(3);
  });

  it.each<readonly [status: number, type: string, code: string, reason?: string]>([
    [403, 'security_exception', 'permission_denied'],
    [
      429,
      'cluster_block_exception',
      'full',
      'index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]',
    ],
    [503, 'unavailable_shards_exception', 'unavailable'],
    [500, 'null_pointer_exception', 'unavailable'],
    [504, 'process_cluster_event_timeout_exception', 'timeout'],
  ])('an item with %s %s is %s', async (status, type, code, reason = 'no') => {
    const test = await openIndex({
      url: await serve((incoming, response) => {
        if (!incoming.url?.startsWith('/_bulk')) return pass(incoming, response);
        incoming.resume();
        answer(response, 200, { items: [{ index: { status, error: { type, reason } } }] });
      }),
    });
    await expect(save(test)).rejects.toMatchObject({ code, name: 'StorageError' });
  });

  it('413: a document too large for the server goes, the crash stays', async () => {
    const test = await openIndex({
      keep_document: true,
      url: await serve((incoming, response) => {
        const length = Number(incoming.headers['content-length'] ?? 0);
        if (incoming.url?.startsWith('/_bulk') && length > 100_000) {
          incoming.resume();
          incoming.on('end', () => response.writeHead(413, { 'x-elastic-product': 'Elasticsearch' }).end());
        } else pass(incoming, response);
      }),
    });
    const noise = Array.from({ length: 40_000 }, () => Math.random().toString(36)).join('');
    const large = crash(T0, { noise, product: 'p' });
    const others = Array.from({ length: 5 }, () => crash(T0));
    await Promise.all(
      [large, ...others].map(({ raw, processed }) => test.store.saveProcessed(raw, processed)),
    );
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(6);
    const [week] = await test.index.weeks.live();
    const { _source } = await test.client.get<Readonly<Record<string, unknown>>>({
      index: week?.index ?? '',
      id: large.raw.id,
    });
    expect(_source).toMatchObject({ removed_fields: ['document'], product: { keyword: 'p' } });
    const small = await test.client.get<Readonly<Record<string, unknown>>>({
      index: week?.index ?? '',
      id: others[0]?.raw.id ?? '',
    });
    expect(small._source).not.toHaveProperty('removed_fields');
  });

  it('a connection that breaks is unavailable; the next call works; an abort ends a call that hangs', async () => {
    let mode: 'pass' | 'break' | 'hang' = 'pass';
    const test = await openIndex({
      url: await serve((incoming, response) => {
        if (mode === 'pass') pass(incoming, response);
        else if (mode === 'break') incoming.socket.destroy();
      }),
    });
    await save(test);
    mode = 'break';
    await expect(save(test)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(test.store.health()).rejects.toMatchObject({ code: 'unavailable' });
    mode = 'hang';
    const stop = new AbortController();
    const hanging = expect(save(test, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    const listing = expect(
      collect(test.store.list('2026-11-20', { signal: stop.signal })),
    ).rejects.toMatchObject({ code: 'aborted' });
    setTimeout(() => stop.abort(), 100);
    await Promise.all([hanging, listing]);
    mode = 'pass';
    await save(test);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(2);
  });
});
