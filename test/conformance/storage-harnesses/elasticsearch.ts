import type { Runner, StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { scanStore, type TestIndex, testIndex } from '../../build/elasticsearch-index.ts';
import { type EngineName, engine, servedBy } from '../../build/engines.ts';
import type { SearchCase, SearchStore } from '../search-inputs.ts';
import { maintenanceCases } from '../search-maintenance-cases.ts';
import { scanCases } from '../search-scan-cases.ts';

/** Those of the cases of fields and removal that do not search. */
const WITHOUT_SEARCH = /^(dropBefore|names that are no names)/;

function scanSuite(runner: Runner, title: string, open: () => Promise<TestIndex>): void {
  const test: SearchCase = (name, body) =>
    runner.it(
      name,
      async () => {
        const opened = await open();
        try {
          await body(scanStore(opened) as unknown as SearchStore);
        } finally {
          await opened.dispose();
        }
      },
      120_000,
    );
  runner.describe(`scan of ${title}`, () => {
    scanCases(test);
    maintenanceCases((name, body) => {
      if (WITHOUT_SEARCH.test(name)) test(name, body);
    });
  });
}

function harnessOf(name: EngineName, version: string, keepDocument: boolean): StorageHarness {
  const state = engine(name);
  const open = (): Promise<TestIndex> => {
    if ('missing' in state) throw new Error(state.missing);
    return testIndex({ url: state.url, keep_document: keepDocument });
  };
  return {
    use: 'elasticsearch',
    variant: `server ${version}, ${keepDocument ? 'with' : 'without'} documents`,
    lacks: [
      'report.write',
      'raw.read',
      'dumps.read',
      ...(keepDocument ? [] : (['processed.read'] as const)),
      'search',
      'blobs',
    ],
    ...servedBy(name),
    search: (runner, title) => scanSuite(runner, title, open),
    open,
  };
}

const harnesses: readonly StorageHarness[] = [
  harnessOf('elasticsearch', '8', true),
  harnessOf('elasticsearch', '8', false),
  harnessOf('elasticsearch9', '9', true),
  harnessOf('elasticsearch9', '9', false),
];

export default harnesses;
