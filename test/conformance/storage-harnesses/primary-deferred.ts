import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { createPrimaryDeferred } from '../../../src/storage/containers/primary-deferred/primary-deferred.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { compilePredicate } from '../../../src/storage/predicate.ts';

const child = (name: string) => new MemoryStorage(name, { maxBytes: 1024 ** 3 });

const harnesses: readonly StorageHarness[] = [
  {
    use: 'primary_deferred',
    lacks: ['search', 'scan', 'blobs'],
    async open() {
      const children = [child('primary'), child('deferred')] as const;
      const store = createPrimaryDeferred(
        'split',
        { primary: children[0], deferred: children[1] },
        await compilePredicate({ sample: 50 }, 'when'),
      );
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
