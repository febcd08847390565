import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { createFallback } from '../../../src/storage/containers/fallback/fallback.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const child = (name: string) => new MemoryStorage(name, { maxBytes: 1024 ** 3 });

const harnesses: readonly StorageHarness[] = [
  {
    use: 'fallback',
    lacks: ['search', 'scan'],
    async open() {
      const children = [child('one'), child('two')];
      const store = createFallback('fallback', children, { pauseMs: 1000, maxPauseMs: 60_000 });
      return {
        store,
        async dispose() {
          await store.close();
          await Promise.all(children.map((c) => c.close()));
        },
      };
    },
  },
];

export default harnesses;
