import { silentLog } from '../../../src/lib/log.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { withOptional } from '../../../src/storage/layers/optional.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const harnesses: readonly StorageHarness[] = [
  {
    use: 'optional',
    lacks: ['search', 'scan'],
    quietWrites: true,
    async open() {
      const inner = new MemoryStorage('inner', { maxBytes: 1024 ** 3 });
      const store = withOptional(inner, { timeoutMs: 60_000, log: silentLog });
      return { store, dispose: () => store.close().then(() => inner.close()) };
    },
  },
];

export default harnesses;
