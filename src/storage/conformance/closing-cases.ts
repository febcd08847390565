import assert from 'node:assert/strict';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { Case } from './harness.ts';
import { bytesOf, DAY, generatedDump, idOn, processedCrash, rawCrash, report, textDump } from './inputs.ts';

const closed = { code: 'closed', name: /StorageError$/ };

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of cases, as in test/
export function closingCases(test: Case): void {
  test('close twice, then every call rejects with closed', { needs: [] }, async ({ store }) => {
    await store.close();
    await store.close();
    const raw = rawCrash();
    const has = (c: Parameters<typeof store.capabilities.has>[0]): boolean => store.capabilities.has(c);
    const calls = [
      has('report.write') && store.saveReport(report(raw)),
      has('raw.read') && store.readRaw(raw.id),
      has('dumps.read') && store.listDumps(raw.id),
      has('dumps.read') && store.readDump(raw.id, 'x'),
      has('processed.write') && store.saveProcessed(raw, processedCrash(raw.id)),
      has('processed.read') && store.readProcessed(raw.id),
      has('remove') && store.remove(raw.id),
      has('list') && store.list(DAY)[Symbol.asyncIterator]().next(),
      has('blobs') && store.putBlob('k', textDump('x', 'y')),
      has('blobs') && store.hasBlob('k'),
      has('blobs') && store.listBlobs('')[Symbol.asyncIterator]().next(),
      store.health(),
    ];
    for (const call of calls) if (call) await assert.rejects(call, closed);
  });

  test('close waits for a call in hand', {
    needs: ['report.write'],
    reads: ['raw.read', 'dumps.read'],
  }, async ({ store }) => {
    const go = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const slow = generatedDump('core', 4, async function* () {
      started.resolve();
      await go.promise;
      yield Buffer.from('late');
    });
    const order: string[] = [];
    const saving = store.saveReport(report(rawCrash(), slow)).then(() => order.push('saved'));
    await started.promise;
    const closing = store.close().then(() => order.push('closed'));
    go.resolve();
    await Promise.all([saving, closing]);
    assert.deepEqual(order, ['saved', 'closed']);
  });

  test('closing gives up waiting when its signal aborts', {
    needs: ['report.write'],
    reads: ['dumps.read'],
  }, async ({ store }) => {
    const go = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const slow = generatedDump('core', 4, async function* () {
      started.resolve();
      await go.promise;
      yield Buffer.from('late');
    });
    const saving = store.saveReport(report(rawCrash(), slow));
    await started.promise;
    await assert.rejects(store.close({ signal: AbortSignal.abort() }), { code: 'aborted' });
    go.resolve();
    await saving;
    await store.close();
  });

  test('50 saves and reads at once', { needs: ['report.write'], reads: ['raw.read', 'dumps.read'] }, async ({
    store,
    reader,
  }) => {
    await mapConcurrent(
      Array.from({ length: 50 }, (_, i) => i),
      50,
      async (i) => {
        const raw = rawCrash({ Index: String(i) }, idOn(DAY));
        await store.saveReport(report(raw, textDump('core', `bytes ${i}`)));
        assert.deepEqual(await reader.readRaw(raw.id), raw);
        assert.equal((await bytesOf(await reader.readDump(raw.id, 'core'))).toString(), `bytes ${i}`);
        if (store.capabilities.has('processed.write'))
          await store.saveProcessed(raw, processedCrash(raw.id, { i }));
        if (reader.capabilities.has('processed.read'))
          assert.equal((await reader.readProcessed(raw.id))['i'], i);
      },
    );
  });
}
