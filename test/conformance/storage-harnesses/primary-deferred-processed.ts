import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { createPrimaryDeferredProcessed } from '../../../src/storage/containers/primary-deferred-processed/primary-deferred-processed.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { compilePredicate } from '../../../src/storage/predicate.ts';

const child = (name: string) => new MemoryStorage(name, { maxBytes: 1024 ** 3 });

const harnesses: readonly StorageHarness[] = [
  {
    use: 'primary_deferred_processed',
    lacks: ['search', 'scan', 'blobs'],
    async open() {
      const children = [child('primary'), child('deferred'), child('processed')] as const;
      const store = createPrimaryDeferredProcessed(
        'split',
        { primary: children[0], deferred: children[1], processed: children[2] },
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
