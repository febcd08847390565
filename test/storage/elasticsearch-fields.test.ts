/** Every saved crash ends in the index, whatever is in its fields or in the mapping. On real servers. */
import type { estypes } from '@elastic/elasticsearch';
import { expect, it } from 'vitest';
import { registry } from '../../src/lib/metrics.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { type FieldDefinition, publicField } from '../../src/search/fields.ts';
import type { TestIndex } from '../build/elasticsearch-index.ts';
import { collect, crash, SEARCH_FIELDS, T0, T1 } from '../conformance/search-inputs.ts';
import { onEachElasticsearch, openIndex } from './elasticsearch-sites.ts';

const FIELDS: readonly FieldDefinition[] = [
  ...SEARCH_FIELDS,
  publicField('notes', 'text', 'Notes.'),
  publicField('sizes', 'integer', 'Sizes.', { many: true }),
];
const AT = new Date(T0.getTime() + 1000);

async function removedCount(field: string, reason: string): Promise<number> {
  const text = await registry.getSingleMetricAsString('auxilio_storage_elasticsearch_removed_fields_total');
  const line = text
    .split('\n')
    .find((l) => l.includes(`field="${field}"`) && l.includes(`reason="${reason}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

type Body = Readonly<Record<string, unknown>>;

/** The document as the index has it. */
async function document({ client, index }: TestIndex, id: CrashId): Promise<Body> {
  const [name = ''] = (await index.weeks.live()).map((week) => week.index);
  return (await client.get<Body>({ index: name, id }))._source ?? {};
}

async function saved(test: TestIndex, fields: Body): Promise<{ id: CrashId; body: Body }> {
  const one = crash(AT, fields);
  await test.store.saveProcessed(one.raw, one.processed);
  const ids = (await collect(test.store.list('2026-11-20'))) as CrashId[];
  expect(ids).toContain(one.raw.id);
  return { id: one.raw.id, body: await document(test, one.raw.id) };
}

/** The index of the week as somebody else has made it, without our template; resolves with its name. */
async function remade(test: TestIndex, body: Omit<estypes.IndicesCreateRequest, 'index'>): Promise<string> {
  const one = crash(AT);
  await test.store.saveProcessed(one.raw, one.processed);
  const [week] = await test.index.weeks.live();
  const index = week?.index ?? '';
  expect(index).toMatch(/202646$/);
  await test.client.indices.delete({ index });
  await test.index.template.remove();
  await test.client.indices.create({ index, ...body });
  test.index.weeks.forget(index);
  return index;
}

onEachElasticsearch((url) => {
  const open = (options: Body = {}): Promise<TestIndex> => openIndex({ url, ...options }, FIELDS);

  it('malformed values are left out, named and counted; the rest is indexed', async () => {
    const test = await open();
    const before = await removedCount('uptime', 'malformed');
    const { body } = await saved(test, {
      uptime: 'soon',
      startup_crash: 'perhaps',
      client_crash_date: 'yesterday',
      memory: { total: 'much' },
      sizes: [1, 'two', 3, 3],
      product: 'Firefox',
      version: '',
    });
    expect(body['removed_fields']).toEqual([
      'client_crash_date',
      'memory',
      'sizes',
      'startup_crash',
      'uptime',
    ]);
    expect(body).toMatchObject({ product: { keyword: 'Firefox' }, sizes: { integer: [1, 3] } });
    expect(body).not.toHaveProperty('uptime');
    expect(await removedCount('uptime', 'malformed')).toBe(before + 1);
  });

  it('a value that is missing, null or blank is not malformed', async () => {
    const { body } = await saved(await open(), {
      uptime: '',
      memory: { total: null },
      sizes: [],
      product: null,
    });
    expect(body).not.toHaveProperty('removed_fields');
  });

  it('numbers beyond what the type holds are left out; those within are exact', async () => {
    const test = await open();
    const { body } = await saved(test, {
      uptime: 2 ** 63,
      sizes: [-(2 ** 63), 2 ** 53, -1],
      memory: { total: 1e308 },
    });
    expect(body['removed_fields']).toEqual(['sizes', 'uptime']);
    expect(body).toMatchObject({ sizes: { integer: [2 ** 53, -1] }, memory: { number: 1e308 } });
    const largest = await saved(test, { uptime: 2 ** 63 - 1024 });
    expect(largest.body).not.toHaveProperty('removed_fields');
  });

  it('a keyword of 32,766 bytes is whole; a longer one is found by its beginning and shown whole', async () => {
    const test = await open();
    const before = await removedCount('signature', 'too_long');
    const fits = 'ä'.repeat(16_383);
    expect((await saved(test, { signature: fits })).body['removed_fields']).toBeUndefined();
    // The limit falls in the middle of a character of four bytes.
    const long = `x${'😀'.repeat(8192)}y`;
    const { id, body } = await saved(test, {
      signature: long,
      failed_rules: [{ rule: long }, { rule: 'b' }],
    });
    expect(body['removed_fields']).toEqual(['failed_rules', 'signature']);
    const { keyword } = body['signature'] as { keyword: string };
    expect([Buffer.byteLength(keyword), long.startsWith(keyword)]).toEqual([32_765, true]);
    expect(await removedCount('signature', 'too_long')).toBe(before + 1);
    const rows = await collect(test.store.scan({ from: T0, to: T1, columns: ['signature', 'failed_rules'] }));
    expect(rows.find((row) => row.id === id)).toEqual({ id, signature: long, failed_rules: [long, 'b'] });
  });

  it('a long text keeps all of its words and is shown whole', async () => {
    const test = await open();
    const text = `${'word '.repeat(100_000)}needle ${'ü'.repeat(50_000)}`;
    const { id, body } = await saved(test, { notes: text, version: `1.${'9'.repeat(40_000)}` });
    expect(body['removed_fields']).toEqual(['notes', 'version']);
    const { count } = await test.client.count({ query: { term: { 'notes.words': 'needle' } } });
    expect(count).toBe(1);
    const [row] = await collect(test.store.scan({ from: T0, to: T1, columns: ['notes'] }));
    expect(row).toEqual({ id, notes: text });
  });

  it('a field that the live index maps otherwise is left out of that week, and named', async () => {
    const test = await open();
    const week = await remade(test, {
      mappings: {
        properties: {
          crash_id: { type: 'keyword' },
          crash_day: { type: 'keyword' },
          crash_date: { type: 'date' },
          // A value where there should be an object; another type; an alias.
          signature: { type: 'keyword' },
          uptime: { properties: { integer: { type: 'date', format: 'yyyy' } } },
          product: { properties: { keyword: { type: 'alias', path: 'crash_id' } } },
          version: { properties: { version: { type: 'long' } } },
        },
      },
    });
    const before = await removedCount('signature', 'refused');
    const { id, body } = await saved(test, {
      signature: 'a',
      uptime: 123_456,
      product: 'p',
      version: 'v1',
      notes: 'n',
    });
    expect(body['removed_fields']).toEqual(['product', 'signature', 'uptime', 'version']);
    expect(body).toMatchObject({ crash_id: id, notes: { text: 'n' }, date: { date: AT.toISOString() } });
    expect(await removedCount('signature', 'refused')).toBe(before + 1);
    // What it lacked was added, and nothing is dynamic any more.
    const mapping = (await test.client.indices.getMapping({ index: week }))[week]?.mappings;
    expect(mapping?.dynamic).toBe('strict');
    const [applied] = await test.index.weeks.apply(test.index.template.fields);
    expect([...(applied?.conflicts ?? [])].sort()).toEqual(['product', 'signature', 'uptime', 'version']);
  });

  it('a field that the live index does not know is added to it, and the crash is indexed whole', async () => {
    const test = await open();
    await remade(test, {
      mappings: { dynamic: 'strict', properties: { crash_id: { type: 'keyword' } } },
    });
    const { body } = await saved(test, { notes: 'a note', uptime: 5 });
    expect(body).toMatchObject({ notes: { text: 'a note' }, uptime: { integer: 5 } });
    expect(body).not.toHaveProperty('removed_fields');
  });

  it('when nothing of it is wanted, a crash is still indexed with its essentials', async () => {
    const test = await open({ keep_document: true });
    const ours = [...FIELDS.map((f) => f.name), 'signature_input', 'signature_trace', 'document'];
    await remade(test, {
      mappings: {
        dynamic: 'strict',
        properties: {
          crash_id: { type: 'keyword' },
          crash_day: { type: 'keyword' },
          crash_date: { type: 'date' },
          removed_fields: { type: 'keyword' },
          ...Object.fromEntries(ours.map((field) => [field, { type: 'long' as const }])),
        },
      },
    });
    const { id, body } = await saved(test, { signature_input: { a: 1 }, notes: 'n', uptime: 1 });
    expect(Object.keys(body).sort()).toEqual(['crash_date', 'crash_day', 'crash_id', 'removed_fields']);
    expect(body['removed_fields']).toEqual(
      ['date', 'document', 'notes', 'outcome', 'signature', 'signature_input', 'uptime', 'uuid'].sort(),
    );
    await expect(
      (test.store as unknown as { readProcessed(id: CrashId): Promise<unknown> }).readProcessed(id),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  it('one bad crash among 200 keeps none of the others out', async () => {
    const test = await open();
    const crashes = Array.from({ length: 200 }, (_, i) =>
      crash(AT, i % 50 === 7 ? { uptime: 'x', signature: 'y'.repeat(50_000) } : { uptime: i }),
    );
    await Promise.all(crashes.map(({ raw, processed }) => test.store.saveProcessed(raw, processed)));
    expect((await collect(test.store.list('2026-11-20'))).length).toBe(200);
    const { count } = await test.client.count({ query: { exists: { field: 'removed_fields' } } });
    expect(count).toBeGreaterThanOrEqual(4);
  });

  it('no value of a client in an error, and none in what the index says of itself', async () => {
    const test = await open();
    await remade(test, {
      mappings: {
        properties: { crash_id: { type: 'date' }, crash_day: { type: 'date', format: 'yyyy' } },
      },
    });
    const one = crash(AT, { product: 'secret value' });
    const error = await test.store.saveProcessed(one.raw, one.processed).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'invalid' });
    expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toMatch(/secret|Preview/);
    expect((error as Error).message).not.toContain('\n');
  });
});
