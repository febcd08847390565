import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { CAPABILITIES } from '../../../src/storage/contract.ts';
import nullBackend from '../../../src/storage/null/index.ts';
import { leafContext } from '../../build/leaf.ts';

const HAS: readonly string[] = ['report.write', 'processed.write', 'remove'];

const harnesses: readonly StorageHarness[] = [
  {
    use: 'null',
    lacks: CAPABILITIES.filter((c) => !HAS.includes(c)),
    async open() {
      const store = await nullBackend.open({}, leafContext('null'));
      return { store, dispose: () => store.close() };
    },
  },
];

export default harnesses;
