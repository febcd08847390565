import assert from 'node:assert/strict';
import { CAPABILITIES, METHODS, type Store } from '../contract.ts';
import type { OpenedStore, Runner, StorageHarness } from './harness.ts';

const methodOf = (store: Store, name: string): unknown => (store as unknown as Record<string, unknown>)[name];

async function withStore(
  harness: StorageHarness,
  body: (opened: OpenedStore) => Promise<void>,
): Promise<void> {
  const opened = await harness.open();
  try {
    await body(opened);
  } finally {
    await opened.dispose();
  }
}

/** These need no capability and are never skipped. */
export function declarationCases(runner: Runner, harness: StorageHarness): void {
  runner.it('lacks exactly the capabilities that its harness says', () =>
    withStore(harness, async ({ store }) => {
      const missing = CAPABILITIES.filter((c) => !store.capabilities.has(c));
      assert.deepEqual(missing, [...harness.lacks].sort(byContract));
      for (const c of store.capabilities) assert.ok(CAPABILITIES.includes(c), `${c} is no capability`);
    }),
  );

  runner.it('has the methods of each capability it declares, and no method of another', () =>
    withStore(harness, async ({ store }) => {
      for (const capability of CAPABILITIES) {
        const declared = store.capabilities.has(capability);
        for (const method of METHODS[capability]) {
          const type = typeof methodOf(store, method);
          assert.equal(type, declared ? 'function' : 'undefined', `${capability}: ${method}`);
        }
      }
    }),
  );

  runner.it('is healthy when it was just opened', () =>
    withStore(harness, async ({ store }) => {
      assert.deepEqual((await store.health()).degraded, []);
      assert.notEqual(store.name, '');
      assert.notEqual(store.use, '');
    }),
  );

  runner.it('has a search harness when it declares search or scan', async () => {
    const searches = !harness.lacks.includes('search') || !harness.lacks.includes('scan');
    assert.ok(!searches || harness.search, 'search and scan are declared and nothing tries them');
  });
}

const byContract = (a: (typeof CAPABILITIES)[number], b: (typeof CAPABILITIES)[number]): number =>
  CAPABILITIES.indexOf(a) - CAPABILITIES.indexOf(b);
