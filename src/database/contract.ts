/**
 * A database: one connection pool behind Kysely, of whichever engine. It has no table of its own but the record of
 * migrations; each room owns its tables and hands its migrations to `migrate`.
 */
import type { Kysely } from 'kysely';
import type { CallOptions } from '../model/report.ts';

export type Engine = 'sqlite' | 'postgres';

export interface Database {
  readonly engine: Engine;
  /** For logs: without a password. */
  readonly label: string;
  /**
   * Queries, with the room's own table types. Statements take `{ signal }` (`execute({ signal })`): the caller is
   * answered at once, the statement itself runs to its end, and a write may have been committed.
   * Do not destroy it: close the database.
   */
  tables<Tables>(): Kysely<Tables>;
  /**
   * Runs `work` with one connection for all of its queries: of the pool, or with `single` one of its own beside it,
   * for what takes long. It is given back or closed however `work` ends. SQLite has no pool, and makes no difference.
   */
  withConnection<Tables, T>(
    work: (db: Kysely<Tables>) => Promise<T>,
    options?: CallOptions & { readonly single?: boolean },
  ): Promise<T>;
  /** Resolves when the database answers and takes writes. */
  health(options?: CallOptions): Promise<void>;
  /** Waits for calls in hand, then lets go. May be called twice; calls after it reject with `closed`. */
  close(): Promise<void>;
}
