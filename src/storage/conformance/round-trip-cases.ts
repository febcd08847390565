import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { StorageError } from '../errors.ts';
import type { Case } from './harness.ts';
import { bytesOf, DAY, dumpOf, idOn, processedCrash, rawCrash, report, textDump } from './inputs.ts';

/** Names and values that JSON objects, SQL and file systems stumble over. */
const HARD_ANNOTATIONS: Readonly<Record<string, string>> = JSON.parse(`{
  "ProductName": "Ünï 💥 \\u0000 \\u001f \\ud83d", "1": "one", "-0": "-0", "1e400": "1e400", "": "empty name",
  "__proto__": "not a prototype", "constructor": "x", "hasOwnProperty": "y", "toString": "z", "id": "client's own",
  "uuid": "client's", "metadata": "{}", "version": "9", "submitted_timestamp": "never", "annotations": "a",
  "Number": "0012", "Json": "{\\"a\\":[1]}", "True": "true", "Null": "null", "Empty": "", "Lines": "a\\r\\nb\\n\\tc",
  "dump_checksums": "x", "payload": "y", "name with spaces": " v ", "../up": "../up", "a.b": "c"
}`) as Record<string, string>;

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of cases, as in test/
export function roundTripCases(test: Case): void {
  const write = { needs: ['report.write'], reads: ['raw.read', 'dumps.read'] } as const;

  test('raw crash and dumps come back byte for byte', write, async ({ store, reader }) => {
    const raw = rawCrash();
    const bytes = randomBytes(200_000);
    await store.saveReport(report(raw, dumpOf('upload_file_minidump', bytes), textDump('log', 'hello')));
    assert.deepEqual(await reader.readRaw(raw.id), raw);
    const infos = await reader.listDumps(raw.id);
    assert.deepEqual(
      infos.map(({ name, size }) => [name, size]),
      [
        ['log', 5],
        ['upload_file_minidump', 200_000],
      ],
    );
    const dump = await reader.readDump(raw.id, 'upload_file_minidump');
    assert.deepEqual([dump.name, dump.size], ['upload_file_minidump', 200_000]);
    if (dump.sha256 !== undefined) assert.equal(dump.sha256, dumpOf('', bytes).sha256);
    assert.ok((await bytesOf(dump)).equals(bytes));
    assert.ok((await bytesOf(dump)).equals(bytes), 'a handle opens twice');
  });

  test('no dump, an empty dump', write, async ({ store, reader }) => {
    const [none, empty] = [rawCrash(), rawCrash()];
    await store.saveReport(report(none));
    await store.saveReport(report(empty, textDump('core', '')));
    assert.deepEqual(await reader.listDumps(none.id), []);
    const dump = await reader.readDump(empty.id, 'core');
    assert.equal(dump.size, 0);
    assert.equal((await bytesOf(dump)).length, 0);
  });

  test('200 dumps', write, async ({ store, reader }) => {
    const raw = rawCrash();
    const dumps = Array.from({ length: 200 }, (_, i) => textDump(`dump_${i}`, `bytes of ${i}`));
    await store.saveReport(report(raw, ...dumps));
    const infos = await reader.listDumps(raw.id);
    assert.deepEqual(
      infos.map((d) => d.name),
      dumps.map((d) => d.name).sort(),
    );
    assert.equal((await bytesOf(await reader.readDump(raw.id, 'dump_137'))).toString(), 'bytes of 137');
  });

  test('annotations with hard names and values', write, async ({ store, reader }) => {
    const raw = rawCrash({ ...HARD_ANNOTATIONS, Long: 'ä'.repeat(300_000) });
    await store.saveReport(report(raw));
    const read = await reader.readRaw(raw.id);
    assert.deepEqual(Object.entries(read.annotations).sort(), Object.entries(raw.annotations).sort());
    assert.deepEqual(read, raw);
  });

  test('every outcome and an id with any digits', write, async ({ store, reader }) => {
    for (const outcome of ['accepted', 'deferred', 'truncated'] as const) {
      const base = rawCrash();
      const raw = Object.freeze({
        ...base,
        metadata: { ...base.metadata, outcome, payload: 'json', notes: [] } as const,
      });
      await store.saveReport(report(raw));
      assert.deepEqual(await reader.readRaw(raw.id), raw);
    }
  });

  const processed = { needs: ['processed.write'], reads: ['processed.read'] } as const;
  test(
    'a processed crash comes back exactly; a second one replaces it',
    processed,
    async ({ store, reader }) => {
      const raw = rawCrash();
      const first = processedCrash(raw.id, { uuid: 'own', gone: true, deep: { a: [{ b: null }] } });
      await store.saveProcessed(raw, first);
      assert.deepEqual(await reader.readProcessed(raw.id), first);
      const second = processedCrash(raw.id, { signature: 'other' });
      await store.saveProcessed(raw, second);
      assert.deepEqual(await reader.readProcessed(raw.id), second);
    },
  );

  test('raw and processed crash do not disturb each other, in either order', {
    needs: ['report.write', 'processed.write'],
    reads: ['raw.read', 'dumps.read', 'processed.read'],
  }, async ({ store, reader }) => {
    const [a, b] = [rawCrash(), rawCrash()];
    await store.saveReport(report(a, textDump('core', 'a')));
    await store.saveProcessed(a, processedCrash(a.id));
    await store.saveProcessed(b, processedCrash(b.id));
    await assert.rejects(reader.readRaw(b.id), { code: 'not_found' });
    await store.saveReport(report(b, textDump('core', 'b')));
    await store.saveReport(report(a, textDump('core', 'a')));
    for (const raw of [a, b]) {
      assert.deepEqual(await reader.readRaw(raw.id), raw);
      assert.deepEqual(await reader.readProcessed(raw.id), processedCrash(raw.id));
      assert.equal((await reader.listDumps(raw.id)).length, 1);
    }
  });

  test(
    'the same report twice is the same as once; another one replaces it',
    write,
    async ({ store, reader }) => {
      const raw = rawCrash();
      const twice = report(raw, textDump('core', 'bytes'));
      await store.saveReport(twice);
      await store.saveReport(twice);
      assert.equal((await reader.listDumps(raw.id)).length, 1);
      assert.deepEqual(await reader.readRaw(raw.id), raw);
      assert.equal((await bytesOf(await reader.readDump(raw.id, 'core'))).toString(), 'bytes');
      const again = rawCrash({ Changed: 'once' }, raw.id);
      await store.saveReport(report(again, textDump('core', 'other bytes')));
      assert.deepEqual(await reader.readRaw(raw.id), again);
      assert.equal((await bytesOf(await reader.readDump(raw.id, 'core'))).toString(), 'other bytes');
      const other = rawCrash({ Changed: 'yes' }, raw.id);
      await store.saveReport(report(other, textDump('log', 'x')));
      assert.deepEqual(await reader.readRaw(raw.id), other);
      assert.deepEqual(
        (await reader.listDumps(raw.id)).map((d) => d.name),
        ['log'],
      );
      await assert.rejects(reader.readDump(raw.id, 'core'), { code: 'not_found' });
    },
  );

  test('two writers at once: one of the two, whole', write, async ({ store, reader }) => {
    const id = idOn(DAY);
    const versions = ['a', 'b', 'c'].map((v) =>
      report(rawCrash({ v }, id), textDump('core', v.repeat(50_000))),
    );
    await Promise.all(versions.map((v) => store.saveReport(v)));
    const { v } = (await reader.readRaw(id)).annotations;
    const bytes = await bytesOf(await reader.readDump(id, 'core'));
    assert.equal(bytes.toString(), (v as string).repeat(50_000));
  });

  test('what is not there is not_found', { needs: ['raw.read', 'dumps.read'] }, async ({ store }) => {
    const id = idOn(DAY);
    const isNotFound = (e: unknown): boolean => e instanceof StorageError && e.code === 'not_found';
    await assert.rejects(store.readRaw(id), isNotFound);
    await assert.rejects(store.listDumps(id), isNotFound);
    await assert.rejects(store.readDump(id, 'core'), isNotFound);
  });

  test('a dump that a crash does not have is not_found', write, async ({ store, reader }) => {
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'x')));
    for (const name of ['Core', 'cor', 'core2', '', '../core']) {
      await assert.rejects(reader.readDump(raw.id, name), { code: 'not_found' });
    }
  });

  test('a processed crash that is not there is not_found', { needs: ['processed.read'] }, async ({
    store,
  }) => {
    await assert.rejects(store.readProcessed(idOn(DAY)), { code: 'not_found', name: /StorageError$/ });
  });

  test('what was saved is there after closing and opening again', {
    needs: ['report.write'],
    reads: ['raw.read', 'dumps.read'],
  }, async ({ store, reader, opened }) => {
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'durable')));
    if (!opened.reopen) {
      assert.deepEqual(await reader.readRaw(raw.id), raw);
      return;
    }
    await store.close();
    const again = (await opened.reopen()) as typeof store;
    try {
      assert.deepEqual(await again.readRaw(raw.id), raw);
      assert.equal((await bytesOf(await again.readDump(raw.id, 'core'))).toString(), 'durable');
    } finally {
      await again.close();
    }
  });
}
