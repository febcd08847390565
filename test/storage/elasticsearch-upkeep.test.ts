/** Indices of weeks that come and go, fields that are added to them, init and wipe. On real servers. */
import { describe, expect, it } from 'vitest';
import { FIELDS } from '../../src/search/field-list.ts';
import { publicField } from '../../src/search/fields.ts';
import { openClient } from '../../src/storage/elasticsearch/connection.ts';
import { CrashIndex } from '../../src/storage/elasticsearch/crash-index.ts';
import elasticsearch from '../../src/storage/elasticsearch/index.ts';
import { WeekIndices } from '../../src/storage/elasticsearch/week-indices.ts';
import { label, ownIndex, settingsOf, type TestIndex } from '../build/elasticsearch-index.ts';
import { leafContext } from '../build/leaf.ts';
import { at, collect, crash, SEARCH_FIELDS, T0, T1 } from '../conformance/search-inputs.ts';
import { onEachElasticsearch, openIndex, sourceOf } from './elasticsearch-sites.ts';

const DAY = '2026-11-20';
const context = leafContext('index');

/** What another process would have. */
async function otherProcess(
  { index: { site } }: TestIndex,
  options: Readonly<Record<string, unknown>> & { readonly index: string },
): Promise<{ index: CrashIndex }> {
  const settings = settingsOf(options);
  const client = await openClient(settings, label);
  return { index: new CrashIndex({ client, site, settings, index: options.index, fields: FIELDS }) };
}

onEachElasticsearch((url) => {
  const open = (options: Readonly<Record<string, unknown>> = {}): Promise<TestIndex> =>
    openIndex({ url, ...options });

  describe('weeks', () => {
    it('dropBefore drops whole weeks with their index, and cuts the one that the day is in', async () => {
      const { store, index, client } = await open();
      const days = ['2026-10-30', '2026-11-08', '2026-11-09', '2026-11-16', '2026-11-18', '2026-11-20'];
      for (const day of days) {
        const one = crash(new Date(`${day}T12:00:00Z`));
        await store.saveProcessed(one.raw, one.processed);
      }
      const dropped = await index.dropBefore('2026-11-18');
      expect(dropped.map((dropped) => dropped.slice(-6))).toEqual(['202643', '202644', '202645', '202646']);
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
      expect((await sourceOf(client, next.raw.id))[0]['removed_fields']).toBeUndefined();
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
      const mine = index_templates.find((t) => String(t.index_template._meta?.['auxilio_fields']).length > 0);
      expect(mine).toBeDefined();
      await own.remove();
      await own.apply(SEARCH_FIELDS);
      await expect(own.load()).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/is old, it lacks .*proto_signature.*; run: auxilio store init index/),
      });
    });
  });
});
