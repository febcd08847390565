/** What a store that can `search` and `scan` promises. Run for every such store by the storage suite. */
import type { Runner, StorageHarness } from '../../src/storage/conformance/harness.ts';
import { facetCases } from './search-facet-cases.ts';
import { filterCases } from './search-filter-cases.ts';
import { hitCases } from './search-hit-cases.ts';
import type { SearchCase, SearchStore } from './search-inputs.ts';
import { maintenanceCases } from './search-maintenance-cases.ts';
import { answersAsEvaluated } from './search-properties.ts';
import { scanCases } from './search-scan-cases.ts';

/** Queries of the property are some thousand statements: how many rounds of them. */
const RUNS = Number(process.env['SEARCH_SUITE_RUNS'] ?? 60);

export function searchSuite(runner: Runner, title: string, harness: StorageHarness): void {
  const test: SearchCase = (name, body) =>
    runner.it(
      name,
      async () => {
        const opened = await harness.open();
        try {
          await body(opened.store as SearchStore);
        } finally {
          await opened.dispose();
        }
      },
      120_000,
    );
  runner.describe(`search of ${title}`, () => {
    runner.describe('filters', () => filterCases(test));
    runner.describe('facets', () => facetCases(test));
    runner.describe('hits', () => hitCases(test));
    runner.describe('scan', () => scanCases(test));
    runner.describe('fields and removal', () => maintenanceCases(test));
    test('random crashes and queries are answered as the evaluator does', (store) =>
      answersAsEvaluated(store, RUNS));
  });
}
