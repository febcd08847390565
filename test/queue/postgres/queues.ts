/** Queues on a schema of the test's own, removed when the test has ended. */
import { onTestFinished } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import type { CrashQueue } from '../../../src/queue/contract.ts';
import backend from '../../../src/queue/postgres/index.ts';
import { postgresServer, rowsOf, unusedName } from '../../build/postgres.ts';

export interface Queues {
  readonly url: string;
  readonly schema: string;
  open(change?: Readonly<Record<string, unknown>>): Promise<CrashQueue>;
}

/** Milliseconds; looking is so slow that only NOTIFY can be quick enough. */
export const QUICK = {
  max_attempts: 3,
  retry_base: 20,
  retry_cap: 60,
  postpone_base: 4,
  postpone_cap: 20,
  lease: 800,
  poll_interval: 600_000,
} as const;

export function queues(url: string = postgresServer().url): Queues {
  const schema = unusedName();
  onTestFinished(async () => void (await rowsOf(url, `drop schema if exists ${schema} cascade`)));
  return {
    url,
    schema,
    async open(change = {}) {
      const queue = await backend.open(
        { ...QUICK, url, schema, ...change },
        { dataDir: '/nowhere', log: silentLog },
        (key) => `QUEUE_${key.toUpperCase()}`,
      );
      onTestFinished(() => queue.close());
      return queue;
    },
  };
}
