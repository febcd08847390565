import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { protectedField, publicField } from '../../src/search/fields.ts';
import { processedCrash, rawCrash } from '../../src/storage/conformance/inputs.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import { S3Objects } from '../../src/storage/s3-client/objects.ts';
import { generatedSchema, refusedNames, telemetryDocument } from '../../src/storage/telemetry/document.ts';
import { type JsonSchema, reduceTo } from '../../src/storage/telemetry/json-schema.ts';
import { readSchema } from '../../src/storage/telemetry/schema-file.ts';
import { telemetrySchema } from '../../src/storage/telemetry/settings.ts';
import { openTelemetryStorage } from '../../src/storage/telemetry/telemetry-storage.ts';
import {
  makeTestBucket,
  missingServer,
  removeTestBucket,
  S3_SERVERS,
  s3Options,
  s3Settings,
} from '../build/s3-buckets.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const id = createCrashId(new Date('2026-11-21T12:00:00Z'));

/** A crash with something private at every place that there is. */
const raw = rawCrash({ ProductName: 'Firefox', Email: 'SECRET', URL: 'SECRET', guid: 'SECRET' }, id);
const processed = processedCrash(id, {
  os_name: 'Linux',
  build: '20261121',
  cpu_count: 8,
  url: 'SECRET',
  email: 'SECRET',
  user_comments: 'SECRET',
  mac_boot_args: 'SECRET',
  unheard_of: 'SECRET',
  date_processed: '2026-11-21T12:00:01.000Z',
  json_dump: {
    status: 'OK',
    sensitive: 'SECRET',
    crash_info: { crashing_thread: 0, assertion: 'SECRET', type: 'SIGSEGV' },
    modules: [{ filename: '/home/SECRET/firefox', debug_id: 'ABC' }],
    threads: [{ frames: [{ frame: 0, function: 'main', registers: { rax: 'SECRET' } }] }],
  },
});

describe('the document of a crash', () => {
  const document = telemetryDocument(raw, processed, generatedSchema());

  it('has the public fields by their names in the search', () => {
    expect(document).toMatchObject({
      uuid: id,
      signature: 'main | start',
      product: 'Sample',
      platform: 'Linux',
      build_id: '20261121',
      cpu_count: 8,
      date: '2026-11-21T12:00:01.000Z',
      json_dump: {
        status: 'OK',
        crash_info: { type: 'SIGSEGV' },
        modules: [{ filename: 'firefox', debug_id: 'ABC' }],
        threads: [{ frames: [{ function: 'main' }] }],
      },
    });
  });

  it('has nothing else', () => {
    expect(JSON.stringify(document)).not.toContain('SECRET');
    const allowed = new Set(FIELDS.filter((f) => f.visibility === 'public').map((f) => f.name)).add(
      'json_dump',
    );
    expect(Object.keys(document).filter((name) => !allowed.has(name))).toEqual([]);
  });

  it('leaves out a field that becomes protected', () => {
    const schema = generatedSchema([
      publicField('product', 'keyword', 'x'),
      publicField('version', 'version', 'x'),
    ]);
    const now = [publicField('product', 'keyword', 'x'), protectedField('version', 'version', 'x')];
    expect(telemetryDocument(raw, processed, schema, now)).toEqual({
      product: 'Sample',
      json_dump: expect.anything(),
    });
  });

  it('is cut down by a schema', () => {
    const schema: JsonSchema = {
      definitions: { frame: { type: 'object', properties: { function: { type: ['string', 'null'] } } } },
      type: 'object',
      properties: {
        uuid: { type: 'string' },
        cpu_count: { type: 'string' },
        platform: { type: 'integer' },
        json_dump: {
          type: 'object',
          properties: {
            threads: {
              type: 'array',
              items: {
                type: 'object',
                properties: { frames: { type: 'array', items: { $ref: '#/definitions/frame' } } },
              },
            },
          },
        },
      },
    };
    expect(telemetryDocument(raw, processed, schema)).toEqual({
      uuid: id,
      cpu_count: '8',
      json_dump: { threads: [{ frames: [{ function: 'main' }] }] },
    });
  });
});

describe('reducing to a schema', () => {
  it.each([
    ['a', { type: 'string' }, 'a'],
    [1, { type: 'string' }, '1'],
    [true, { type: ['string', 'null'] }, 'true'],
    ['12', { type: 'integer' }, 12],
    ['1.5', { type: 'integer' }, undefined],
    ['1.5', { type: 'number' }, 1.5],
    ['', { type: 'integer' }, undefined],
    [null, { type: ['string', 'null'] }, null],
    [null, { type: 'string' }, undefined],
    [{ a: 1, b: 2 }, { properties: { a: {} } }, { a: 1 }],
    [{ a: 1 }, { type: 'array' }, undefined],
    [[1, 'x', null], { items: { type: 'integer' } }, [1]],
    [{ a: { b: 1 } }, { properties: { a: { $ref: '#/nowhere' } } }, {}],
    [{ a: 1 }, { properties: { a: { $ref: 'http://elsewhere' } } }, {}],
    [JSON.parse('{"__proto__":1}'), { properties: { a: {} } }, {}],
  ])('%j by %j is %j', (value, schema, expected) => {
    expect(reduceTo(value, schema as JsonSchema, schema as JsonSchema)).toEqual(expected);
  });

  it('a schema that refers to itself describes a tree, and one that is only a circle describes nothing', () => {
    const tree: JsonSchema = { properties: { name: { type: 'string' }, below: { items: { $ref: '#/' } } } };
    const own: JsonSchema = { definitions: { node: tree }, $ref: '#/definitions/node' };
    const node = {
      ...tree,
      properties: { ...tree.properties, below: { items: { $ref: '#/definitions/node' } } },
    };
    const root = { ...own, definitions: { node } } as JsonSchema;
    const value = { name: 'a', x: 1, below: [{ name: 'b', x: 1, below: [] }] };
    expect(reduceTo(value, root, root)).toEqual({ name: 'a', below: [{ name: 'b', below: [] }] });
    const circle: JsonSchema = { a: { $ref: '#/b' }, b: { $ref: '#/a' }, $ref: '#/a' };
    expect(reduceTo({ name: 'a' }, circle, circle)).toBeUndefined();
  });
});

describe('the schema file', () => {
  async function file(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'auxilio-schema-'));
    closers.push(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'schema.json'), text);
    return join(folder, 'schema.json');
  }

  it('is generated from the fields when there is none', async () => {
    const schema = await readSchema('', 'X', silentLog);
    const names = Object.keys(schema.properties ?? {});
    expect(names).toContain('signature');
    expect(names).not.toContain('email');
    expect(refusedNames(schema)).toEqual({ hidden: [], unknown: [] });
  });

  it.each([
    ['no json', /STORE_X_SCHEMA: .* cannot be read \(no JSON\)/],
    ['[]', /STORE_X_SCHEMA: .* is no JSON object/],
    ['{}', /STORE_X_SCHEMA: .* is no JSON Schema with properties/],
    ['{"properties":{"signature":{},"email":{},"url":{}}}', /not public .*: email, url/],
  ])('%s is refused', async (text, message) => {
    await expect(readSchema(await file(text), 'STORE_X_SCHEMA', silentLog)).rejects.toThrow(message);
  });

  it('one that is not there is refused', async () => {
    await expect(readSchema('/nowhere.json', 'STORE_X_SCHEMA', silentLog)).rejects.toThrow(/ENOENT/);
  });

  it('names that no crash has are said and left out', async () => {
    const schema = await readSchema(await file('{"properties":{"uuid":{},"new":{}}}'), 'X', silentLog);
    expect(refusedNames(schema)).toEqual({ hidden: [], unknown: ['new'] });
    expect(telemetryDocument(raw, processed, schema)).toEqual({ uuid: id });
  });
});

for (const server of S3_SERVERS) {
  const missing = missingServer(server);
  describe.skipIf(missing !== undefined)(missing ? `${server} (skipped: ${missing})` : server, () => {
    it.each(server === 'swift' ? [false, true] : [false])(
      'keeps the document where Socorro has it, leading_slash=%s',
      async (slash) => {
        const bucket = await makeTestBucket(server);
        closers.push(() => removeTestBucket(server, bucket));
        const options = { ...s3Options(server, bucket), leading_slash: String(slash) };
        const store = await openTelemetryStorage('t', parseSettings(telemetrySchema, options), silentLog);
        closers.push(() => store.close());
        await store.saveProcessed(raw, processed);
        const bytes = await withConnection(s3Settings(server, bucket), { store: 't' }, (connection) =>
          new S3Objects('t', connection).read(`${slash ? '/' : ''}v1/crash_report/20261121/${id}`),
        );
        expect(JSON.parse(String(bytes))).toEqual(telemetryDocument(raw, processed, generatedSchema()));
        await store.saveProcessed(raw, processedCrash(id, { signature: 'again' }));
        const listed: string[] = [];
        for await (const one of store.list('2026-11-21')) listed.push(one);
        expect(listed).toEqual([id]);
        expect(await store.remove(id)).toBe(true);
        expect(await store.remove(id)).toBe(false);
      },
    );
  });
}
