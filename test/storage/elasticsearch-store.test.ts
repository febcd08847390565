/** What the conformance suite does not ask of a store in Elasticsearch. On real servers. */
import { afterEach, describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { publicField } from '../../src/search/fields.ts';
import { openClient, withConnection } from '../../src/storage/elasticsearch/connection.ts';
import { CrashIndex } from '../../src/storage/elasticsearch/crash-index.ts';
import type { ElasticsearchDocumentStorage } from '../../src/storage/elasticsearch/elasticsearch-storage.ts';
import elasticsearch from '../../src/storage/elasticsearch/index.ts';
import { WeekIndices } from '../../src/storage/elasticsearch/week-indices.ts';
import { withRedactor } from '../../src/storage/layers/redactor.ts';
import { label, ownIndex, settingsOf, type TestIndex, testIndex } from '../build/elasticsearch-index.ts';
import { type EngineName, engine } from '../build/engines.ts';
import { leafContext } from '../build/leaf.ts';
import { collect, crash, HOUR, SEARCH_FIELDS, T0, T1 } from '../conformance/search-inputs.ts';

const DAY = '2026-11-20';
const at = (hours: number): Date => new Date(T0.getTime() + hours * HOUR);
const context = leafContext('index');

let opened: TestIndex | undefined;
afterEach(async () => {
  await opened?.dispose();
  opened = undefined;
});

for (const name of ['elasticsearch', 'elasticsearch9'] as const satisfies readonly EngineName[]) {
  const state = engine(name);
  const url = 'url' in state ? state.url : '';
  const open = async (options: Readonly<Record<string, unknown>> = {}): Promise<TestIndex> => {
    opened = await testIndex({ url, ...options });
    return opened;
  };
  describe.skipIf('missing' in state)(
    `${name}${'missing' in state ? ` (skipped: ${state.missing})` : ''}`,
    () => {
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
          expect(await (store as ElasticsearchDocumentStorage).readProcessed(one.raw.id)).toEqual(
            one.processed,
          );
        });

        it('without them there is nothing of a crash in the index but its fields', async () => {
          const { store, client } = await open();
          const one = crash(
            at(1),
            { product: 'p', unindexed: 'nobody asks for this' },
            'somebody@example.org',
          );
          await store.saveProcessed(one.raw, one.processed);
          expect(store).not.toHaveProperty('readProcessed');
          const [, text] = await sourceText(client, one.raw.id);
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
        const [before] = await sourceText(client, one.raw.id);
        for (const field of ['email', 'client_guid', 'user_agent'])
          expect(before[field]).toEqual({ keyword: `secret ${field}` });
        await hidden.saveProcessed(one.raw, one.processed);
        const [after, text] = await sourceText(client, one.raw.id);
        expect(text).not.toContain('secret');
        expect(Object.keys(after)).toEqual(expect.arrayContaining(['product', 'document']));
        const document = await (store as ElasticsearchDocumentStorage).readProcessed(one.raw.id);
        expect(JSON.stringify(document)).not.toContain('secret');
      });

      describe('weeks', () => {
        it('dropBefore drops whole weeks with their index, and cuts the one that the day is in', async () => {
          const { store, index, client } = await open();
          const days = ['2026-10-30', '2026-11-08', '2026-11-09', '2026-11-16', '2026-11-18', '2026-11-20'];
          for (const day of days) {
            const one = crash(new Date(`${day}T12:00:00Z`));
            await store.saveProcessed(one.raw, one.processed);
          }
          const dropped = await index.dropBefore('2026-11-18');
          expect(dropped.map((dropped) => dropped.slice(-6))).toEqual([
            '202643',
            '202644',
            '202645',
            '202646',
          ]);
          expect((await index.weeks.live()).map((week) => week.index.slice(-6))).toEqual(['202646']);
          const rows = await collect(store.scan({ from: new Date(0), to: T1, columns: ['date'] }));
          expect(rows.map((row) => String(row['date']).slice(0, 10))).toEqual(['2026-11-18', '2026-11-20']);
          expect(await index.dropBefore('2026-11-18')).toEqual([]);
          // A crash of a week that was dropped makes it anew, with its mapping.
          const late = crash(new Date('2026-10-30T13:00:00Z'), { product: 'p' });
          await store.saveProcessed(late.raw, late.processed);
          const mappings = await client.indices.getMapping({
            index: (await index.weeks.live())[0]?.index ?? '',
          });
          expect(Object.values(mappings)[0]?.mappings.dynamic).toBe('strict');
        });

        it('leaves indices alone that only begin like ours, and finds one behind an alias', async () => {
          const { store, index, client } = await open();
          const one = crash(new Date('2026-10-30T12:00:00Z'));
          await store.saveProcessed(one.raw, one.processed);
          const [week] = await index.weeks.live();
          const ours = week?.index ?? '';
          const other = `${ours}-copy`;
          await client.indices.create({ index: other });
          expect(await index.dropBefore('2026-11-30')).toEqual([ours]);
          expect(await client.indices.exists({ index: other })).toBe(true);
          await client.indices.putAlias({ index: other, name: ours });
          expect(await index.dropBefore('2026-11-30')).toEqual([other]);
          expect(await client.indices.exists({ index: other })).toBe(false);
        });

        it('applyFields updates the template and the live indices; new values are searchable at once', async () => {
          const { store, index, client } = await open();
          const old = crash(at(1));
          await store.saveProcessed(old.raw, old.processed);
          const colour = publicField('colour', 'keyword', 'Colour.');
          const lines = await index.applyFields([colour]);
          expect(lines).toHaveLength(2);
          expect(lines.join()).toMatch(/template .* written.*1 properties added/);
          expect(await index.applyFields([colour])).toEqual([]);
          const [week] = await index.weeks.live();
          const live = Object.values(await client.indices.getMapping({ index: week?.index ?? '' }))[0];
          expect(live?.mappings.properties).toHaveProperty('colour.properties.keyword');
          const one = crash(at(2), { colour: 'red' });
          await store.saveProcessed(one.raw, one.processed);
          const rows = await collect(store.scan({ from: T0, to: T1, columns: ['colour'] }));
          expect(rows.map((row) => row['colour'])).toEqual([null, 'red']);
          const next = crash(new Date('2026-12-01T00:00:00Z'), { colour: 'blue' });
          await store.saveProcessed(next.raw, next.processed);
          expect((await sourceText(client, next.raw.id))[0]['removed_fields']).toBeUndefined();
        });

        it('a field whose type changes: both kinds live side by side', async () => {
          const { store, index } = await open();
          await index.applyFields([publicField('level', 'keyword', 'Level.')]);
          const high = crash(at(1), { level: 'high' });
          await store.saveProcessed(high.raw, high.processed);
          await index.applyFields([publicField('level', 'integer', 'Level.')]);
          const seven = crash(at(2), { level: 7 });
          await store.saveProcessed(seven.raw, seven.processed);
          const rows = await collect(store.scan({ from: T0, to: T1, columns: ['level'] }));
          expect(rows.map((row) => row['level'])).toEqual([null, 7]);
        });

        it('several processes apply fields at once: all of them are in the template', async () => {
          const name = ownIndex();
          const first = await open({ index: name });
          const fields = Array.from({ length: 5 }, (_, i) => publicField(`extra_${i}`, 'keyword', ''));
          const others = await Promise.all(fields.map(() => otherProcess(first, { url, index: name })));
          await Promise.all(others.map((other, i) => other.index.applyFields(fields.slice(i, i + 1))));
          await Promise.all(others.map((other) => other.index.close()));
          const found = await first.index.template.find(fields.map((field) => field.name));
          expect([...found.keys()]).toEqual(expect.arrayContaining(fields.map((field) => field.name)));
          // Nobody holds the lock any more.
          expect(await first.client.indices.exists({ index: new WeekIndices(name).lockName })).toBe(false);
        });

        it('names that the store has for itself are refused', async () => {
          const { index } = await open();
          for (const taken of ['crash_id', 'crash_date', 'removed_fields', 'document', 'signature_input'])
            await expect(index.applyFields([publicField(taken, 'keyword', '')])).rejects.toMatchObject({
              code: 'invalid',
            });
        });
      });

      describe('upkeep', () => {
        const upkeep = elasticsearch.upkeep;
        const how = { label, createDatabase: true };

        it('init twice at once, and again; then the store opens; wipe leaves one that can be used', async () => {
          const options = { url, index: ownIndex() };
          await expect(elasticsearch.open(options, context, label)).rejects.toMatchObject({
            code: 'invalid',
            message: expect.stringMatching(/no index template .*; run: auxilio store init index/),
          });
          const lines = await Promise.all([
            upkeep?.init?.(options, context, how),
            upkeep?.init?.(options, context, how),
          ]);
          expect(lines.flat().length).toBeGreaterThan(0);
          expect(await upkeep?.init?.(options, context, how)).toEqual([]);
          const store = (await elasticsearch.open(options, context, label)) as TestIndex['store'];
          try {
            expect(await store.health()).toEqual({ degraded: [] });
            for (const received of [at(1), at(24 * 9)]) {
              const one = crash(received);
              await store.saveProcessed(one.raw, one.processed);
            }
            const wiped = await upkeep?.wipe(options, context, { label });
            expect(wiped?.map((line) => line.replace(/test\w+-/, ''))).toEqual([
              'index 202646 dropped',
              'index 202647 dropped',
            ]);
            expect(await collect(store.list(DAY))).toEqual([]);
            const one = crash(at(1));
            await store.saveProcessed(one.raw, one.processed);
            expect(await collect(store.list(DAY))).toEqual([one.raw.id]);
          } finally {
            await upkeep?.wipe(options, context, { label });
            await store.withConnection((client) =>
              client.indices.deleteIndexTemplate({
                name: `auxilio-${options.index.replace('%Y%W', 'yearweek')}`,
              }),
            );
            await store.close();
          }
        });

        it('an old template: what it lacks, and what to run', async () => {
          const { client, index } = await open();
          const own = index.template;
          const { index_templates } = await client.indices.getIndexTemplate({ name: 'auxilio-test*' });
          const mine = index_templates.find(
            (t) => String(t.index_template._meta?.['auxilio_fields']).length > 0,
          );
          expect(mine).toBeDefined();
          await own.remove();
          await own.apply(SEARCH_FIELDS);
          await expect(own.load()).rejects.toMatchObject({
            code: 'invalid',
            message: expect.stringMatching(
              /is old, it lacks .*proto_signature.*; run: auxilio store init index/,
            ),
          });
        });
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
    },
  );
}

/** What another process would have. */
async function otherProcess(
  { index: { site } }: TestIndex,
  options: Readonly<Record<string, unknown>> & { readonly index: string },
): Promise<{ index: CrashIndex }> {
  const settings = settingsOf(options);
  const client = await openClient(settings, label);
  return { index: new CrashIndex({ client, site, settings, index: options.index, fields: FIELDS }) };
}

async function sourceText(
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
