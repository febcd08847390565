/** Tests that hold for every database, looped over the engines. */
import { join } from 'node:path';
import { describe, it, onTestFinished } from 'vitest';
import { postgresMissing, scratchDatabase } from '../build/postgres.ts';
import { scratchFolder } from './scratch.ts';

export interface Dialect {
  readonly engine: 'sqlite' | 'postgres';
  /** The URL of an empty database, removed when the test has ended: ask for it before anything that is to be closed first. */
  fresh(): Promise<string>;
}

const sqlite: Dialect = {
  engine: 'sqlite',
  fresh: async () => `sqlite:${join(await scratchFolder(), 'test.db')}`,
};

const postgres: Dialect = {
  engine: 'postgres',
  async fresh() {
    const database = await scratchDatabase();
    onTestFinished(() => database.drop());
    return database.url;
  },
};

/** Declares the tests once for each engine; where there is none, one test that is skipped and says why. */
export function onEachDialect(declare: (dialect: Dialect) => void): void {
  describe('sqlite', () => declare(sqlite));
  describe('postgres', () => {
    if (postgresMissing === undefined) declare(postgres);
    else it.skip(`all of it (skipped: ${postgresMissing})`);
  });
}
