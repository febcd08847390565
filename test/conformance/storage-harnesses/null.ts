import { silentLog } from '../../../src/lib/log.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { CAPABILITIES } from '../../../src/storage/contract.ts';
import nullBackend from '../../../src/storage/null/index.ts';

const HAS: readonly string[] = ['report.write', 'processed.write', 'remove'];

const harnesses: readonly StorageHarness[] = [
  {
    use: 'null',
    lacks: CAPABILITIES.filter((c) => !HAS.includes(c)),
    async open() {
      const store = await nullBackend.open(
        {},
        { name: 'null', dataDir: '/', log: silentLog, store: () => Promise.reject(new Error('no children')) },
      );
      return { store, dispose: () => store.close() };
    },
  },
];

export default harnesses;
