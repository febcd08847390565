/** What a scan goes over. */
import assert from 'node:assert/strict';
import {
  at,
  collect,
  crash,
  rejects,
  SEARCH_FIELDS,
  type SearchCase,
  saveAll,
  T0,
  T1,
} from './search-inputs.ts';

export function scanCases(test: SearchCase): void {
  contents(test);
  stability(test);
}

function contents(test: SearchCase): void {
  test('every crash of the period, oldest first, from in it and to not', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const hours = [5, -1, 0, 48, 47, 5];
    const crashes = hours.map((h) => crash(at(h)));
    await saveAll(store, crashes);
    const rows = await collect(store.scan({ from: T0, to: T1, columns: ['date'] }));
    assert.deepEqual(
      rows.map((row) => row['date']),
      [0, 5, 5, 47].map((h) => at(h).toISOString()),
    );
    assert.equal(new Set(rows.map((row) => row.id)).size, 4);
    assert.deepEqual(await collect(store.scan({ from: T1, to: T0, columns: [] })), []);
  });

  test('rows have the id and the columns, in their types; signature input and trace as saved', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    const signature_input = { os: 'Linux', threads: [{ frames: [{ function: 'a\0b"😀' }] }] };
    const signature_trace = { lists: 'x', frames: [] };
    const full = crash(at(1), {
      signature_input,
      signature_trace,
      startup_crash: true,
      failed_rules: [{ rule: 'a' }],
      version: '1.0',
    });
    const bare = crash(at(2));
    await saveAll(store, [full, bare]);
    const columns = [
      'version',
      'startup_crash',
      'failed_rules',
      'uptime',
      'signature_input',
      'signature_trace',
    ];
    const rows = await collect(store.scan({ from: T0, to: T1, columns }));
    assert.deepEqual(rows, [
      {
        id: full.raw.id,
        version: '1.0',
        startup_crash: true,
        failed_rules: ['a'],
        uptime: null,
        signature_input,
        signature_trace,
      },
      {
        id: bare.raw.id,
        version: null,
        startup_crash: null,
        failed_rules: null,
        uptime: null,
        signature_input: null,
        signature_trace: null,
      },
    ]);
    assert.deepEqual(await collect(store.scan({ from: T0, to: at(2), columns: [] })), [{ id: full.raw.id }]);
    await rejects(collect(store.scan({ from: T0, to: T1, columns: ['colour'] })), 'invalid', /colour/);
  });
}

function stability(test: SearchCase): void {
  test('each once, whatever is saved, saved again and removed meanwhile', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    // Many of one moment: pages end in the middle of it.
    const before = Array.from({ length: 6000 }, (_, i) => crash(at(i < 5000 ? 1 : 2), { signature: 'old' }));
    for (let i = 0; i < before.length; i += 500) await saveAll(store, before.slice(i, i + 500));
    const seen: string[] = [];
    const removed = new Set<string>();
    for await (const row of store.scan({ from: T0, to: T1, columns: ['signature'] })) {
      seen.push(row.id);
      if (seen.length % 1000 !== 500) continue;
      const again = before[seen.length];
      const gone = before[seen.length + 1];
      await saveAll(store, [crash(at(1)), crash(at(3))]);
      if (again) await store.saveProcessed(again.raw, { ...again.processed, signature: 'new' });
      if (gone && (await store.remove(gone.raw.id))) removed.add(gone.raw.id);
    }
    const set = new Set(seen);
    assert.equal(set.size, seen.length, 'a crash came twice');
    const missing = before.filter(({ raw }) => !set.has(raw.id) && !removed.has(raw.id));
    assert.deepEqual(missing, []);
  });

  test('stopping early is no leak; an abort ends it', async (store) => {
    await store.applyFields(SEARCH_FIELDS);
    await saveAll(
      store,
      Array.from({ length: 50 }, (_, i) => crash(at(i / 10))),
    );
    for (let i = 0; i < 20; i += 1) {
      for await (const row of store.scan({ from: T0, to: T1, columns: [] })) {
        assert.ok(row.id);
        break;
      }
    }
    const controller = new AbortController();
    const scan = async () => {
      for await (const row of store.scan({ from: T0, to: T1, columns: [] }, { signal: controller.signal })) {
        assert.ok(row.id);
        controller.abort();
      }
    };
    await rejects(scan(), 'aborted', /./);
    await store.close();
  });
}
