import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import {
  bytesOf,
  collect,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import type { SocorroTree } from '../../src/storage/fs/socorro-paths.ts';
import { newCrashes, SLOT_LIMIT } from '../../src/storage/fs/socorro-slots.ts';
import { SocorroFsStorage } from '../../src/storage/fs/socorro-storage.ts';

const ID = '0bba929f-8721-460c-8e70-a43c95d04190'.slice(0, -7) as string;
const idOf = (digit: number, start = '0bba929f', date = '071025'): CrashId =>
  `${start}${ID.slice(8)}${digit}${date}` as CrashId;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'auxilio-socorro-'));
});
afterEach(() => rm(root, { recursive: true }));

const at = (time: string): Clock => ({ now: () => new Date(time) });
const open = (tree: SocorroTree, dated = false, clock?: Clock): Promise<SocorroFsStorage> =>
  SocorroFsStorage.open('old', clock ? { root, tree, dated, clock } : { root, tree, dated });

const json = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;

describe('the radix tree', () => {
  it('has the names of the original, one folder a crash', async () => {
    const store = await open('radix');
    const id = idOf(2);
    const raw = rawCrash({ ProductName: 'Firefox' }, id);
    await store.saveReport(
      report(raw, textDump('upload_file_minidump', 'main'), textDump('upload_file_minidump_flash1', 'flash')),
    );
    await store.saveProcessed(raw, processedCrash(id, { success: true }));
    const folder = join(root, '20071025/name/0b/ba', id);
    expect((await readdir(folder)).sort()).toEqual(
      [`${id}.dump`, `${id}.json`, `${id}.jsonz`, `${id}.upload_file_minidump_flash1.dump`].sort(),
    );
    expect(await json(join(folder, `${id}.json`))).toEqual({
      ProductName: 'Firefox',
      submitted_timestamp: '2026-11-21T12:00:00.123000+00:00',
      version: 2,
      uuid: id,
      metadata: {
        payload: 'multipart',
        payload_compressed: '1',
        payload_size: 4321,
        collector_notes: ['includes/excludes: a note'],
        dump_checksums: {
          upload_file_minidump: textDump('', 'main').sha256,
          upload_file_minidump_flash1: textDump('', 'flash').sha256,
        },
        user_agent: 'curl/8',
        throttle_rule: 'accept_everything',
      },
    });
    const processed = JSON.parse(gunzipSync(await readFile(join(folder, `${id}.jsonz`))).toString('utf8'));
    expect(processed).toMatchObject({ uuid: id, success: true });
  });

  it.each([
    [1, '0b'],
    [2, '0b/ba'],
    [3, '0b/ba/92'],
    [4, '0b/ba/92/9f'],
    [0, '0b/ba/92/9f'],
  ])('has as many levels as the digit %i of the id says: %s', async (digit, radix) => {
    const store = await open('radix');
    const id = idOf(digit);
    await store.saveReport(report(rawCrash({}, id)));
    expect(await readdir(join(root, '20071025/name', radix, id))).toEqual([`${id}.json`]);
    expect(await collect(store.list('2007-10-25'))).toEqual([id]);
  });

  it('refuses an id whose digit is no depth', async () => {
    const store = await open('radix');
    await expect(store.saveReport(report(rawCrash({}, idOf(7))))).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('the legacy tree', () => {
  it('has many crashes in a folder, and removes one of them whole', async () => {
    const store = await open('legacy');
    const [one, two] = [idOf(1, '0b000001'), idOf(1, '0b000002')];
    for (const id of [one, two]) {
      const raw = rawCrash({}, id);
      await store.saveReport(report(raw, textDump('upload_file_minidump', id), textDump('browser', id)));
      await store.saveProcessed(raw, processedCrash(id));
    }
    expect((await readdir(join(root, '20071025/name/0b'))).length).toBe(8);
    expect((await collect(store.list('2007-10-25'))).sort()).toEqual([one, two]);
    await store.remove(one);
    expect((await readdir(join(root, '20071025/name/0b'))).sort()).toEqual(
      [`${two}.browser.dump`, `${two}.dump`, `${two}.json`, `${two}.jsonz`].sort(),
    );
    expect((await bytesOf(await store.readDump(two, 'browser'))).toString()).toBe(two);
  });
});

describe('files of the original', () => {
  it('are read as they lie, 2018 and before', async () => {
    const id = idOf(2);
    const folder = join(root, '20071025/name/0b/ba', id);
    await mkdir(folder, { recursive: true });
    const written = {
      ProductName: 'Firefox',
      uuid: id,
      submitted_timestamp: '2017-06-01T10:20:30.123456+00:00',
      timestamp: 1496312430.12,
      legacy_processing: 1,
      throttle_rate: 10,
      dump_checksums: { upload_file_minidump: '5d41402abc4b2a76b9719d911017c592' },
      Nothing: null,
      TelemetryEnvironment: { build: { version: '54.0' } },
    };
    await writeFile(join(folder, `${id}.json`), JSON.stringify(written));
    await writeFile(join(folder, `${id}.dump`), 'MDMP');
    await writeFile(join(folder, `${id}.upload_file_minidump_flash2.dump`), 'x');
    await writeFile(
      join(folder, `${id}.jsonz`),
      gzipSync(JSON.stringify({ uuid: id, signature: 'a | b', success: true })),
    );
    const store = await open('radix');
    expect(await store.readRaw(id)).toEqual({
      id,
      annotations: {
        ProductName: 'Firefox',
        timestamp: '1496312430.12',
        legacy_processing: '1',
        throttle_rate: '10',
        Nothing: 'null',
        TelemetryEnvironment: '{"build":{"version":"54.0"}}',
      },
      receivedAt: '2017-06-01T10:20:30.123Z',
      metadata: {
        payload: 'unknown',
        compressed: false,
        size: 0,
        notes: [],
        userAgent: '',
        throttleRule: '',
        outcome: 'deferred',
      },
    });
    expect(await store.listDumps(id)).toEqual([
      { name: 'upload_file_minidump', size: 4 },
      { name: 'upload_file_minidump_flash2', size: 1 },
    ]);
    expect(await store.readProcessed(id)).toEqual({ id, signature: 'a | b', success: true });
  });

  it('a folder without the raw crash, and one without the processed: not found', async () => {
    const store = await open('radix');
    const id = idOf(2);
    await mkdir(join(root, '20071025/name/0b/ba', id), { recursive: true });
    await expect(store.readRaw(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.readProcessed(id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the dated index', () => {
  const TIME = '2007-10-25T05:07:13Z';

  it.each([
    [
      'radix',
      (id: string) => [`0b/ba/${id}`, 'date_root', '../../../../date/05/07_03', `../../../name/0b/ba/${id}`],
    ],
    ['legacy', (id: string) => ['0b/ba', id, '../../../date/05/07_03', '../../../name/0b/ba']],
  ] as const)('%s: two links lead from the crash to its slot and back', async (tree, expected) => {
    const store = await open(tree, true, at(TIME));
    const id = idOf(2);
    await store.saveReport(report(rawCrash({}, id), textDump('upload_file_minidump', 'x')));
    const [folder = '', back = '', toSlot, toCrash] = expected(id);
    expect(await readlink(join(root, '20071025/name', folder, back))).toBe(toSlot);
    expect(await readlink(join(root, '20071025/date/05/07_03', id))).toBe(toCrash);
    await expect(lstat(join(root, '20071025/date/05/07_03', id, `${id}.json`))).resolves.toBeDefined();
    await expect(lstat(join(root, '20071025/name', folder, back, id))).resolves.toBeDefined();
    expect(await collect(store.list('2007-10-25'))).toEqual([id]);
    expect(await store.remove(id)).toBe(true);
    expect(await readdir(join(root, '20071025/date/05/07_03'))).toEqual([]);
  });

  it.each(['radix', 'legacy'] as const)(
    '%s: new crashes come once, and the last one again after a death',
    async (tree) => {
      const store = await open(tree, true, at(TIME));
      const ids = Array.from({ length: 3 }, (_, i) => idOf(2, `0bba929${i}`));
      for (const id of ids) await store.saveReport(report(rawCrash({}, id)));
      const active = newCrashes(root, at('2007-10-25T05:07:15Z'));
      expect(await collect(active)).toEqual([]);
      const seen: CrashId[] = [];
      for await (const id of newCrashes(root, at('2007-10-25T05:07:16Z'))) {
        seen.push(id);
        if (seen.length === 2) break;
      }
      expect(seen).toEqual(ids.slice(0, 2));
      expect(await collect(newCrashes(root, at('2007-10-26T00:00:00Z')))).toEqual(ids.slice(1));
      expect(await collect(newCrashes(root, at('2007-10-26T00:00:00Z')))).toEqual([]);
      expect(await readdir(join(root, '20071025/date'))).toEqual([]);
      for (const id of ids) expect((await store.readRaw(id)).id).toBe(id);
    },
  );

  it('saving a crash again does not file it again; one that was cut short is filed to its end', async () => {
    const store = await open('radix', true, at(TIME));
    const raw = rawCrash({}, idOf(2));
    await store.saveReport(report(raw));
    await store.close();
    const later = await open('radix', true, at('2007-10-25T09:00:00Z'));
    await later.saveReport(report(raw));
    expect(await readdir(join(root, '20071025/date'))).toEqual(['05']);
    await rm(join(root, '20071025/date/05/07_03', raw.id));
    await later.saveReport(report(raw));
    expect(await readdir(join(root, '20071025/date/05/07_03'))).toEqual([raw.id]);
  });

  it('reads the slots of several machines, as the legacy original made them', async () => {
    const id = idOf(2);
    const folder = join(root, '20071025/name/0b/ba');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${id}.json`), '{}');
    const slot = join(root, '20071025/date/05/07_03/webhead1');
    await mkdir(slot, { recursive: true });
    await symlink('../../../../name/0b/ba', join(slot, id));
    await symlink('../../../date/05/07_03/webhead1', join(folder, id));
    await symlink('../../../../name/nowhere', join(slot, idOf(2, '0bba9290')));
    expect(await collect(newCrashes(root, at('2007-10-26T00:00:00Z')))).toEqual([id]);
    expect(await readdir(folder)).toEqual([`${id}.json`]);
  });

  it('a full slot goes on in a second folder, and none has too many', { timeout: 120_000 }, async () => {
    const store = await open('radix', true, at(TIME));
    const slot = join(root, '20071025/date/05/07_03');
    // The crashes of another process, as links alone.
    await mkdir(slot, { recursive: true });
    await mapConcurrent(
      Array.from({ length: SLOT_LIMIT - 520 }, (_, i) => i),
      16,
      (i) => symlink('x', join(slot, `other-${i}`)),
    );
    const ids = Array.from({ length: 60 }, (_, i) => idOf(2, `0bba92${i + 10}`));
    await mapConcurrent(ids, 16, (id) => store.saveReport(report(rawCrash({}, id))));
    const [first, second] = await Promise.all([readdir(slot), readdir(`${slot}_2`)]);
    expect(first.length).toBeLessThanOrEqual(SLOT_LIMIT - 512);
    expect(first.length + second.length).toBe(SLOT_LIMIT - 520 + 60);
    await rm(slot, { recursive: true });
    await mkdir(slot);
    const rest = await collect(newCrashes(root, at('2007-10-26T00:00:00Z')));
    expect(rest).toEqual(second.sort());
  });
});

it('dump names that would leave the folder stay in it', async () => {
  const store = await open('radix');
  const id = idOf(2);
  await store.saveReport(report(rawCrash({}, id), textDump('../../../../../x', 'a'), textDump('a/b', 'b')));
  const folder = join(root, '20071025/name/0b/ba', id);
  expect((await readdir(folder)).sort()).toEqual(
    [`${id}.json`, `${id}.a%2fb.dump`, `${id}...%2f..%2f..%2f..%2f..%2fx.dump`].sort(),
  );
  expect(await readdir(dirname(folder))).toEqual([id]);
});
