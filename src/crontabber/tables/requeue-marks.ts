/** How often a crash was queued again: one that cannot be processed must not go round for ever. */
import type { Database } from '../../database/contract.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_requeued: {
    readonly crash_id: string;
    readonly times: number;
    readonly last_at: string;
  };
}

export interface Requeued {
  readonly times: number;
  /** ISO 8601: the end of the period for which it was last queued. */
  readonly lastAt: string;
}

export class RequeueMarks {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(id: CrashId, { signal }: CallOptions = {}): Promise<Requeued> {
    const row = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_requeued')
      .select(['times', 'last_at'])
      .where('crash_id', '=', id)
      .executeTakeFirst(signal ? { signal } : {});
    return { times: row?.times ?? 0, lastAt: row?.last_at ?? '' };
  }

  async set(id: CrashId, { times, lastAt }: Requeued, { signal }: CallOptions = {}): Promise<void> {
    const columns = { times, last_at: lastAt };
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_requeued')
      .values({ crash_id: id, ...columns })
      .onConflict((conflict) => conflict.column('crash_id').doUpdateSet(columns))
      .execute(signal ? { signal } : {});
  }

  /** Those not queued since. */
  async forgetBefore(time: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .deleteFrom('crontabber_requeued')
      .where('last_at', '<', time)
      .execute(signal ? { signal } : {});
  }
}
