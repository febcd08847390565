import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { CAPABILITIES } from '../../../src/storage/contract.ts';
import { MEMORY_CAPABILITIES, MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const harnesses: readonly StorageHarness[] = [
  {
    use: 'memory',
    lacks: CAPABILITIES.filter((c) => !MEMORY_CAPABILITIES.some((has) => has === c)),
    async open() {
      const store = new MemoryStorage('memory', { maxBytes: 1024 ** 3 });
      return { store, dispose: () => store.close() };
    },
  },
];

export default harnesses;
