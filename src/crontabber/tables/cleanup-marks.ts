/** Up to which day a set of stores was cleaned, and what was left there because it is under legal hold. */
import type { Database } from '../../database/contract.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_cleanup: { readonly scope: string; readonly cleaned_until: string };
  readonly crontabber_cleanup_held: { readonly scope: string; readonly crash_id: string };
}

/** Rows of one statement. */
const BATCH = 500;

export class CleanupMarks {
  readonly #database: Database;
  readonly #scope: string;

  /** `scope` names the stores: others begin anew. */
  constructor(database: Database, scope: string) {
    this.#database = database;
    this.#scope = scope;
  }

  /** The first day that was not cleaned; undefined before the first run. */
  async cleanedUntil({ signal }: CallOptions = {}): Promise<string | undefined> {
    const row = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_cleanup')
      .select('cleaned_until')
      .where('scope', '=', this.#scope)
      .executeTakeFirst(signal ? { signal } : {});
    return row?.cleaned_until;
  }

  async setCleanedUntil(day: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_cleanup')
      .values({ scope: this.#scope, cleaned_until: day })
      .onConflict((conflict) => conflict.column('scope').doUpdateSet({ cleaned_until: day }))
      .execute(signal ? { signal } : {});
  }

  async held({ signal }: CallOptions = {}): Promise<readonly CrashId[]> {
    const rows = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_cleanup_held')
      .select('crash_id')
      .where('scope', '=', this.#scope)
      .orderBy('crash_id')
      .execute(signal ? { signal } : {});
    return rows.map(({ crash_id }) => crash_id as CrashId);
  }

  async addHeld(ids: readonly CrashId[], { signal }: CallOptions = {}): Promise<void> {
    for (let i = 0; i < ids.length; i += BATCH)
      await this.#database
        .tables<Tables>()
        .insertInto('crontabber_cleanup_held')
        .values(ids.slice(i, i + BATCH).map((crash_id) => ({ scope: this.#scope, crash_id })))
        .onConflict((conflict) => conflict.columns(['scope', 'crash_id']).doNothing())
        .execute(signal ? { signal } : {});
  }

  async forgetHeld(id: CrashId, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .deleteFrom('crontabber_cleanup_held')
      .where('scope', '=', this.#scope)
      .where('crash_id', '=', id)
      .execute(signal ? { signal } : {});
  }
}
