/** What the conformance suite does not ask of a store in Elasticsearch. On real servers. */
import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { withConnection } from '../../src/storage/elasticsearch/connection.ts';
import type { ElasticsearchDocumentStorage } from '../../src/storage/elasticsearch/elasticsearch-storage.ts';
import { withRedactor } from '../../src/storage/layers/redactor.ts';
import { label, settingsOf, type TestIndex } from '../build/elasticsearch-index.ts';
import { at, collect, crash, T0, T1 } from '../conformance/search-inputs.ts';
import { onEachElasticsearch, openIndex, sourceOf } from './elasticsearch-sites.ts';

const DAY = '2026-11-20';
onEachElasticsearch((url) => {
  const open = (options: Readonly<Record<string, unknown>> = {}): Promise<TestIndex> =>
    openIndex({ url, ...options });

  describe('reading what was just saved', () => {
    it('list, scan, remove and readProcessed see it at once', async () => {
      const { store } = await open({ keep_document: true });
      for (let i = 0; i < 5; i += 1) {
        const one = crash(at(i), { product: `p${i}` });
        await store.saveProcessed(one.raw, one.processed);
        expect(await collect(store.list(DAY))).toHaveLength(i + 1);
        expect(await (store as ElasticsearchDocumentStorage).readProcessed(one.raw.id)).toEqual(
          one.processed,
        );
        const rows = await collect(store.scan({ from: at(i), to: at(i + 1), columns: ['product'] }));
        expect(rows).toEqual([{ id: one.raw.id, product: `p${i}` }]);
      }
      const [gone] = await collect(store.list(DAY));
      if (!gone) throw new Error('nothing listed');
      expect(await store.remove(gone)).toBe(true);
      expect(await store.remove(gone)).toBe(false);
      expect(await collect(store.list(DAY))).not.toContain(gone);
    });

    it('a day is that of the ids: none of the next, none twice, more than a page', async () => {
      const { store } = await open();
      const crashes = Array.from({ length: 6200 }, (_, i) => crash(at(i % 2 === 0 ? 23.9999 : 24)));
      await Promise.all(crashes.map(({ raw, processed }) => store.saveProcessed(raw, processed)));
      const ids = await collect(store.list(DAY));
      expect(new Set(ids).size).toBe(3100);
      expect(ids).toHaveLength(3100);
      expect(ids.every((id) => id.endsWith('261120'))).toBe(true);
    });

    it('saved again with another date: once, in the index of its id, found by its new date', async () => {
      const { store, index } = await open();
      const one = crash(at(1));
      await store.saveProcessed(one.raw, one.processed);
      const later = crash(at(24 * 30), {}, undefined, one.raw.id);
      await store.saveProcessed(later.raw, later.processed);
      expect((await index.weeks.live()).map((week) => week.first)).toEqual(['2026-11-16']);
      expect(await collect(store.scan({ from: T0, to: T1, columns: [] }))).toEqual([]);
      const rows = await collect(store.scan({ from: at(24 * 30), to: at(24 * 31), columns: [] }));
      expect(rows).toEqual([{ id: one.raw.id }]);
      expect(await store.remove(one.raw.id)).toBe(true);
      expect(await collect(store.list(DAY))).toEqual([]);
    });

    it('a reader who takes too long gets a new point in time, and goes on from where he is', async () => {
      const { store, client } = await open();
      const crashes = Array.from({ length: 2500 }, (_, i) => crash(at(i / 100)));
      await Promise.all(crashes.map(({ raw, processed }) => store.saveProcessed(raw, processed)));
      const pits: string[] = [];
      const original = client.openPointInTime.bind(client) as (
        ...a: readonly unknown[]
      ) => Promise<{ id: string }>;
      Object.assign(client, {
        openPointInTime: async (...all: readonly unknown[]) => {
          const found = await original(...all);
          pits.push(found.id);
          return found;
        },
      });
      const seen: string[] = [];
      for await (const row of store.scan({ from: T0, to: T1, columns: [] })) {
        seen.push(row.id);
        if (seen.length === 500) await client.closePointInTime({ id: pits[0] ?? '' });
      }
      expect(pits).toHaveLength(2);
      expect(new Set(seen).size).toBe(2500);
      expect(seen).toHaveLength(2500);
    });
  });

  describe('documents', () => {
    it('come back exactly: nested deeply, hostile text, large', async () => {
      const { store } = await open({ keep_document: true });
      let deep: unknown = 'x';
      for (let i = 0; i < 1500; i += 1) deep = [deep];
      const one = crash(at(1), {
        deep,
        text: 'a\0b\ud800"😀',
        big: 'y'.repeat(3_000_000),
        '': { '': [] },
        '.a.': 1,
      });
      await store.saveProcessed(one.raw, one.processed);
      expect(await (store as ElasticsearchDocumentStorage).readProcessed(one.raw.id)).toEqual(one.processed);
    });

    it('without them there is nothing of a crash in the index but its fields', async () => {
      const { store, client } = await open();
      const one = crash(at(1), { product: 'p', unindexed: 'nobody asks for this' }, 'somebody@example.org');
      await store.saveProcessed(one.raw, one.processed);
      expect(store).not.toHaveProperty('readProcessed');
      const [, text] = await sourceOf(client, one.raw.id);
      expect(text).not.toContain('nobody asks');
    });
  });

  it('the redactor keeps protected fields out of the index, the document among them', async () => {
    const { store, client } = await open({ keep_document: true });
    const secrets = FIELDS.filter((f) => f.visibility === 'protected');
    const secretsFrom = (from: string) =>
      Object.fromEntries(
        secrets
          .filter((f) => f.from === from && !f.path.includes('.'))
          .map((f) => [f.path, `secret ${f.name}`]),
      );
    const hidden = withRedactor(store, { forbiddenKeys: ['protected'] }) as typeof store;
    const made = crash(at(1), {
      ...secretsFrom('processed'),
      product: 'Firefox',
      json_dump: { crash_info: { assertion: 'secret a' } },
    });
    const raw = {
      ...made.raw,
      annotations: { ...made.raw.annotations, ...secretsFrom('raw') },
      metadata: { ...made.raw.metadata, ...secretsFrom('collector') },
    };
    const one = { raw, processed: made.processed };
    await store.saveProcessed(one.raw, one.processed);
    const [before] = await sourceOf(client, one.raw.id);
    for (const field of ['email', 'client_guid', 'user_agent'])
      expect(before[field]).toEqual({ keyword: `secret ${field}` });
    await hidden.saveProcessed(one.raw, one.processed);
    const [after, text] = await sourceOf(client, one.raw.id);
    expect(text).not.toContain('secret');
    expect(Object.keys(after)).toEqual(expect.arrayContaining(['product', 'document']));
    const document = await (store as ElasticsearchDocumentStorage).readProcessed(one.raw.id);
    expect(JSON.stringify(document)).not.toContain('secret');
  });

  it('withConnection: pooled by the store, or one of its own; closed even on error', async () => {
    const { store } = await open();
    expect(await store.withConnection((client) => client.ping())).toBe(true);
    await expect(
      store.withConnection((client) => client.get({ index: 'nothing-there', id: '1' })),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await store.withConnection((client) => client.ping())).toBe(true);
    let kept: Parameters<Parameters<typeof withConnection>[2]>[0] | undefined;
    const settings = settingsOf({ url });
    await expect(
      withConnection(settings, label, async (client) => {
        kept = client;
        await client.ping();
        throw new Error('work failed');
      }),
    ).rejects.toThrow('work failed');
    await expect(kept?.ping()).rejects.toThrow();
    expect(await withConnection(settings, label, (client) => client.ping())).toBe(true);
  });

  it('health is red when shards are missing', async () => {
    const { store, client, index } = await open({ replicas: '0' });
    expect(await store.health()).toEqual({ degraded: [] });
    const one = crash(at(1));
    await store.saveProcessed(one.raw, one.processed);
    const [week] = await index.weeks.live();
    await client.indices.create({
      index: week?.index.replace(/\d{6}$/, '202647') ?? '',
      settings: { 'index.routing.allocation.require._name': 'nobody' },
      wait_for_active_shards: 0,
      timeout: '1s',
    });
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('an id whose digits are no date has its place, too', async () => {
    const { store } = await open({ keep_document: true });
    const id = `${createCrashId(T0).slice(0, -6)}269999` as ReturnType<typeof createCrashId>;
    const one = crash(at(1), {}, undefined, id);
    await store.saveProcessed(one.raw, one.processed);
    expect(await (store as ElasticsearchDocumentStorage).readProcessed(id)).toEqual(one.processed);
    expect(await store.remove(id)).toBe(true);
  });
});
