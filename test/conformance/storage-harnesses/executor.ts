import { silentLog } from '../../../src/lib/log.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { withExecutor } from '../../../src/storage/layers/executor.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const harnesses: readonly StorageHarness[] = [
  {
    use: 'executor',
    lacks: ['search', 'scan'],
    async open() {
      const inner = new MemoryStorage('inner', { maxBytes: 1024 ** 3 });
      const store = withExecutor(inner, {
        kind: 'limited',
        delaysMs: [1, 1],
        logEveryMs: 1000,
        log: silentLog,
      });
      return { store, dispose: () => store.close().then(() => inner.close()) };
    },
  },
];

export default harnesses;
