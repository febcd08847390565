import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { FORBIDDEN_KEYS, withRedactor } from '../../../src/storage/layers/redactor.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const harnesses: readonly StorageHarness[] = [
  {
    use: 'redactor',
    lacks: ['search', 'scan'],
    async open() {
      const inner = new MemoryStorage('inner', { maxBytes: 1024 ** 3 });
      const store = withRedactor(inner, { forbiddenKeys: FORBIDDEN_KEYS });
      return { store, dispose: () => store.close().then(() => inner.close()) };
    },
  },
];

export default harnesses;
