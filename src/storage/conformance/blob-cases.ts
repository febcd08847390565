import assert from 'node:assert/strict';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { Case, StorageHarness } from './harness.ts';
import { bytesOf, collect, generatedDump, textDump } from './inputs.ts';
import { ODD_NAMES } from './naming-cases.ts';

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of cases, as in test/
export function blobCases(test: Case, harness: StorageHarness): void {
  const needs = { needs: ['blobs'] } as const;

  test('put, get, has, replace, remove', needs, async ({ store }) => {
    const key = 'xul.pdb/44E4EC8C2F41492B9369D6B9A059577C2/xul.sym';
    assert.equal(await store.hasBlob(key), false);
    assert.equal(await store.removeBlob(key), false);
    await assert.rejects(store.getBlob(key), { code: 'not_found' });
    await store.putBlob(key, textDump('x', 'one'));
    assert.equal(await store.hasBlob(key), true);
    assert.equal((await bytesOf(await store.getBlob(key))).toString(), 'one');
    await store.putBlob(key, textDump('y', 'second'));
    const blob = await store.getBlob(key);
    assert.equal(blob.size, 6);
    assert.equal((await bytesOf(blob)).toString(), 'second');
    assert.equal(await store.hasBlob('xul.pdb'), false);
    assert.equal(await store.removeBlob('xul.pdb'), false);
    assert.equal(await store.removeBlob(key), true);
    assert.equal(await store.hasBlob(key), false);
    await assert.rejects(store.getBlob(key), { code: 'not_found' });
    assert.deepEqual(await collect(store.listBlobs('')), []);
  });

  // More than a page of S3.
  const many = harness.listed ?? 1100;
  test(`${many} keys are listed`, { ...needs, timeoutMs: 300_000 }, async ({ store }) => {
    const keys = Array.from({ length: many }, (_, i) => `a/${String(i).padStart(5, '0')}.sym`);
    await mapConcurrent([...keys, 'b'], 16, (key) => store.putBlob(key, textDump('x', key)));
    assert.deepEqual(await collect(store.listBlobs('a/')), keys);
  });

  test('keys of any text, each its own', needs, async ({ store }) => {
    const keys = [
      ...ODD_NAMES,
      ...ODD_NAMES.map((name) => `sub/${name}/leaf`),
      'a',
      'a!',
      'a0',
      'a/',
      '/a',
      'a//b',
    ];
    const unique = [...new Set(keys)];
    await mapConcurrent(unique, 8, (key) => store.putBlob(key, textDump('x', `at ${key}`)));
    for (const key of unique) assert.equal((await bytesOf(await store.getBlob(key))).toString(), `at ${key}`);
    assert.deepEqual(await collect(store.listBlobs('')), [...unique].sort());
    for (const prefix of ['a', 'a/', 'sub/', 'sub/x', 'sub/..', 'x', '%', 'nothing'])
      assert.deepEqual(
        await collect(store.listBlobs(prefix)),
        unique.filter((key) => key.startsWith(prefix)).sort(),
        `prefix ${prefix}`,
      );
  });

  test('a failed put leaves what was there', needs, async ({ store, opened }) => {
    const broken = generatedDump('x', 100, () => [Buffer.from('short')]);
    if (!harness.quietWrites) await assert.rejects(store.putBlob('k', broken), { code: 'invalid' });
    else await store.putBlob('k', broken);
    assert.equal(await store.hasBlob('k'), false);
    await store.putBlob('k', textDump('x', 'good'));
    await store.putBlob('k', broken).catch(() => undefined);
    assert.equal((await bytesOf(await store.getBlob('k'))).toString(), 'good');
    if (opened.leftovers) assert.deepEqual(await opened.leftovers(), []);
  });
}
