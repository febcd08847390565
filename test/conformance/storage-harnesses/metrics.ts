import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { withMetrics } from '../../../src/storage/layers/metrics.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const harnesses: readonly StorageHarness[] = [
  {
    use: 'metrics',
    lacks: ['search', 'scan'],
    async open() {
      const inner = new MemoryStorage('inner', { maxBytes: 1024 ** 3 });
      const store = withMetrics(inner);
      return { store, dispose: () => store.close().then(() => inner.close()) };
    },
  },
];

export default harnesses;
