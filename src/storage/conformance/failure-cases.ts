import assert from 'node:assert/strict';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { openFile } from '../../lib/streams.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { Dump, RawCrash } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { Case, CaseStores, StorageHarness } from './harness.ts';
import { bytesOf, DAY, generatedDump, idOn, processedCrash, rawCrash, report, textDump } from './inputs.ts';

const CHUNK = Buffer.alloc(64 * 1024, 7);
const NEEDS = { needs: ['report.write'], reads: ['raw.read', 'dumps.read'] } as const;

/** Dumps that cannot be saved, and the codes a store may refuse them with. */
const BAD_SOURCES: readonly (readonly [string, () => Dump, readonly string[]])[] = [
  [
    'breaks half-way',
    () =>
      generatedDump('bad', 10 * CHUNK.length, function* () {
        for (let i = 0; i < 5; i += 1) yield CHUNK;
        throw new Error('the source broke');
      }),
    [],
  ],
  [
    'is shorter than its size',
    () => ({ ...textDump('bad', 'four'), size: 400, sha256: undefined }),
    ['invalid'],
  ],
  [
    'is longer than its size',
    () => generatedDump('bad', CHUNK.length, () => [CHUNK, CHUNK, CHUNK]),
    ['invalid'],
  ],
  [
    'is a file longer than its size',
    () => ({ name: 'bad', size: CHUNK.length, open: (o) => openFile(process.execPath, o?.signal) }),
    ['invalid'],
  ],
  ['is empty and should not be', () => ({ ...textDump('bad', ''), size: 1, sha256: undefined }), ['invalid']],
  [
    'has other bytes than its SHA-256 says',
    () => ({ ...textDump('bad', 'x'), sha256: 'ab'.repeat(32) }),
    ['corrupt', 'invalid'],
  ],
  [
    'cannot be opened',
    () => ({
      name: 'bad',
      size: 4,
      open: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })),
    }),
    [],
  ],
];

/** Sockets of a pool stay open between calls, and that is what it is for. */
function isFile(descriptor: string): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    // Closed since the folder was read, as the descriptor that read it.
    return false;
  }
}

/** Open files of this process, where the system tells. */
const openFiles = (): number =>
  existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').filter(isFile).length : 0;

/** Waits until `condition` holds; streams close a few turns after they are destroyed. */
async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 2000 && !condition(); i += 1) await turn();
  return condition();
}

async function assertNothingLeft({ reader, opened }: CaseStores, id: CrashId): Promise<void> {
  await assert.rejects(reader.readRaw(id), { code: 'not_found' });
  await assert.rejects(reader.listDumps(id), { code: 'not_found' });
  await assert.rejects(reader.readDump(id, 'good'), { code: 'not_found' });
  if (opened.leftovers) assert.deepEqual(await opened.leftovers(), []);
}

async function assertSavesWell({ store, reader }: CaseStores, raw: RawCrash): Promise<void> {
  await store.saveReport(report(raw, textDump('good', 'fine')));
  assert.deepEqual(await reader.readRaw(raw.id), raw);
  assert.equal((await bytesOf(await reader.readDump(raw.id, 'good'))).toString(), 'fine');
}

export function failureCases(test: Case, harness: StorageHarness): void {
  for (const [title, make, codes] of BAD_SOURCES) {
    test(`a dump that ${title}: nothing readable, nothing left behind`, NEEDS, async (stores) => {
      const raw = rawCrash();
      const before = openFiles();
      const saving = stores.store.saveReport(report(raw, textDump('good', 'fine'), make()));
      if (harness.quietWrites) await saving;
      else {
        await assert.rejects(saving, (error: unknown) => {
          assert.ok(error instanceof StorageError, `not a StorageError: ${error}`);
          if (codes.length > 0) assert.ok(codes.includes(error.code), error.code);
          assert.notEqual(error.code, 'not_found');
          return true;
        });
      }
      await assertNothingLeft(stores, raw.id);
      assert.ok(await eventually(() => openFiles() <= before), 'an open file was left');
      await assertSavesWell(stores, raw);
    });
  }

  test('a failed second save leaves the first as it was', NEEDS, async (stores) => {
    const raw = rawCrash();
    await assertSavesWell(stores, raw);
    const broken = report(
      rawCrash({ Other: 'x' }, raw.id),
      textDump('good', 'new'),
      BAD_SOURCES[0]?.[1]() as Dump,
    );
    await stores.store.saveReport(broken).catch(() => undefined);
    assert.deepEqual(await stores.reader.readRaw(raw.id), raw);
    assert.deepEqual(
      (await stores.reader.listDumps(raw.id)).map((d) => d.name),
      ['good'],
    );
    assert.equal((await bytesOf(await stores.reader.readDump(raw.id, 'good'))).toString(), 'fine');
    if (stores.opened.leftovers) assert.deepEqual(await stores.opened.leftovers(), []);
  });

  test('a processed crash that JSON cannot hold is refused', {
    needs: ['processed.write'],
    reads: ['processed.read'],
    skip: harness.quietWrites && 'failed writes are not raised',
  }, async ({ store, reader }) => {
    const raw = rawCrash();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await assert.rejects(store.saveProcessed(raw, processedCrash(raw.id, { n: 1n })), StorageError);
    await assert.rejects(store.saveProcessed(raw, { ...processedCrash(raw.id), circular }), StorageError);
    await assert.rejects(reader.readProcessed(raw.id), { code: 'not_found' });
  });

  abortCases(test);
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of cases, as in test/
function abortCases(test: Case): void {
  const aborted = { code: 'aborted', name: /StorageError$/ };

  test('aborted before: nothing is started', { needs: ['report.write'] }, async ({ store, opened }) => {
    let opens = 0;
    const dump: Dump = {
      ...textDump('good', 'x'),
      open: () => Promise.reject(new Error(`opened ${++opens}`)),
    };
    const signal = AbortSignal.abort();
    await assert.rejects(store.saveReport(report(rawCrash(), dump), { signal }), aborted);
    assert.equal(opens, 0);
    if (opened.leftovers) assert.deepEqual(await opened.leftovers(), []);
  });

  test('every method refuses a signal that is aborted already', { needs: [] }, async ({ store }) => {
    const raw = rawCrash();
    const signal = AbortSignal.abort();
    const has = (c: Parameters<typeof store.capabilities.has>[0]): boolean => store.capabilities.has(c);
    const calls = [
      has('raw.read') && store.readRaw(raw.id, { signal }),
      has('dumps.read') && store.listDumps(raw.id, { signal }),
      has('dumps.read') && store.readDump(raw.id, 'x', { signal }),
      has('processed.write') && store.saveProcessed(raw, processedCrash(raw.id), { signal }),
      has('processed.read') && store.readProcessed(raw.id, { signal }),
      has('remove') && store.remove(raw.id, { signal }),
      has('list') && store.list(DAY, { signal })[Symbol.asyncIterator]().next(),
      store.health({ signal }),
    ];
    for (const call of calls) if (call) await assert.rejects(call, aborted);
  });

  for (const [title, hang] of [
    ['between two chunks', false],
    ['while the source hangs', true],
  ] as const) {
    test(`aborted during a dump, ${title}: nothing readable, nothing left behind`, NEEDS, async (stores) => {
      const raw = rawCrash();
      const stop = new AbortController();
      const before = openFiles();
      const dump = generatedDump('bad', 1000 * CHUNK.length, async function* () {
        for (let i = 0; i < 1000; i += 1) {
          yield CHUNK;
          if (i !== 20) continue;
          stop.abort(new Error('enough'));
          if (hang) await new Promise(() => undefined);
        }
      });
      const saving = stores.store.saveReport(report(raw, textDump('good', 'x'), dump), {
        signal: stop.signal,
      });
      await assert.rejects(saving, aborted);
      await assertNothingLeft(stores, raw.id);
      assert.ok(await eventually(() => openFiles() <= before), 'an open file was left');
      await assertSavesWell(stores, raw);
    });
  }

  test('aborted with the last byte: saved whole or not at all', NEEDS, async (stores) => {
    const raw = rawCrash();
    const stop = new AbortController();
    const dump = generatedDump('good', 4, function* () {
      yield Buffer.from('fine');
      stop.abort();
    });
    const saving = stores.store.saveReport(report(raw, dump), { signal: stop.signal });
    const saved = await saving.then(
      () => true,
      () => false,
    );
    if (saved) assert.deepEqual(await stores.reader.readRaw(raw.id), raw);
    else await assertNothingLeft(stores, raw.id);
    await assertSavesWell(stores, raw);
  });

  test('aborted after: saved', NEEDS, async ({ store, reader }) => {
    const stop = new AbortController();
    const raw = rawCrash({}, idOn(DAY));
    await store.saveReport(report(raw, textDump('core', 'x')), { signal: stop.signal });
    stop.abort();
    assert.deepEqual(await reader.readRaw(raw.id), raw);
  });
}
