import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import { MEMORY_CAPABILITIES, MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';

const child = (name: string) => new MemoryStorage(name, { maxBytes: 1024 ** 3 });

const harnesses: readonly StorageHarness[] = [
  {
    use: 'poly',
    lacks: ['raw.read', 'dumps.read', 'processed.read', 'search', 'scan', 'blobs'],
    readerHas: MEMORY_CAPABILITIES,
    async open() {
      const children = [child('one'), child('two')] as const;
      const store = createPoly('poly', children);
      return {
        store,
        reader: children[1],
        async dispose() {
          await store.close();
          await Promise.all(children.map((c) => c.close()));
        },
      };
    },
  },
];

export default harnesses;
