/** Tests that hold for every database, looped over the engines. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, onTestFinished } from 'vitest';
import { postgresMissing, scratchDatabase } from '../build/postgres.ts';

export interface Place {
  readonly url: string;
  remove(): Promise<void>;
}

export interface Dialect {
  readonly engine: 'sqlite' | 'postgres';
  /** An empty database; for hooks. */
  make(): Promise<Place>;
  /** The URL of one that is removed when the test has ended: ask for it before anything that is to be closed first. */
  fresh(): Promise<string>;
}

const dialect = (engine: Dialect['engine'], make: Dialect['make']): Dialect => ({
  engine,
  make,
  async fresh() {
    const place = await make();
    onTestFinished(() => place.remove());
    return place.url;
  },
});

const sqlite = dialect('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-database-'));
  return {
    url: `sqlite:${join(folder, 'test.db')}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

const postgres = dialect('postgres', async () => {
  const { url, drop } = await scratchDatabase();
  return { url, remove: drop };
});

/** Declares the tests once for each engine; where there is none, one test that is skipped and says why. */
export function onEachDialect(declare: (dialect: Dialect) => void): void {
  describe('sqlite', () => declare(sqlite));
  describe('postgres', () => {
    if (postgresMissing === undefined) declare(postgres);
    else it.skip(`all of it (skipped: ${postgresMissing})`);
  });
}
