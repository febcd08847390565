/**
 * The order of test files. What takes minutes starts first: as the last ones they would keep one of two workers busy while
 * the other has nothing to do. Vitest's own order, by what earlier runs took, knows nothing in a fresh clone.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** More than half a minute each on two cores, the longest first. */
const LONG = [
  'test/e2e/engine-faults.test.ts',
  'test/conformance/storage.test.ts',
  'test/e2e/kill.test.ts',
  'test/database/postgres.test.ts',
  'test/crontabber/jobs/backup-database.test.ts',
  'test/e2e/packaging.test.ts',
  'test/conformance/queue.test.ts',
  'test/e2e/presets.test.ts',
  'test/queue/rabbitmq/restart.test.ts',
];

const rank = ({ moduleId }: TestSpecification): number => {
  const at = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
  return at < 0 ? LONG.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => rank(a) - rank(b));
  }
}
