/** What operators do to a backend besides using it: make its schema, sweep what broken writes left, empty it. */
import type { CallOptions } from '../model/report.ts';
import type { OpenContext } from './open-context.ts';

export interface UpkeepOptions extends CallOptions {
  /** Turns a key into what the operator wrote, for messages. */
  readonly label?: ((key: string) => string) | undefined;
}

export interface Swept {
  /** Things that belong to no crash, with their bytes where the engine tells them. */
  readonly found: number;
  readonly bytes: number;
  /** Less than `found` with `dryRun`. */
  readonly removed: number;
}

export interface Upkeep<O> {
  /**
   * Creates or upgrades tables, templates, indices; with `createDatabase` the database, keyspace or bucket too. Safe when
   * two run at once, and again. Resolves with a line for each thing it did; none when all was there. A store whose
   * schema is missing or old fails to open with `invalid` and the words `run: auxilio store init NAME`.
   */
  init?(
    options: O,
    context: OpenContext,
    how: UpkeepOptions & { readonly createDatabase: boolean },
  ): Promise<readonly string[]>;
  /** Removes what belongs to no crash and is older than `olderThanMs`: a write in hand is not touched. */
  sweep?(
    options: O,
    context: OpenContext,
    how: UpkeepOptions & { readonly olderThanMs: number; readonly dryRun: boolean },
  ): Promise<Swept>;
  /**
   * Makes the partitions or indices of these days, both included, before their first crash comes. Safe when two do it at
   * once, and again. Resolves with a line for each that was not there.
   */
  prepare?(
    options: O,
    context: OpenContext,
    how: UpkeepOptions & { readonly from: string; readonly until: string },
  ): Promise<readonly string[]>;
  /** Removes every crash and blob, and leaves a store that can be used. Resolves with a line for each thing it emptied. */
  wipe(options: O, context: OpenContext, how: UpkeepOptions): Promise<readonly string[]>;
}
