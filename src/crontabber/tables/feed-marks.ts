/** How far each feed was read: the next run goes on there, and asks first whether anything is new at all. */
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_feed: {
    readonly name: string;
    readonly since: string | null;
    readonly url: string | null;
    readonly etag: string | null;
  };
}

export interface FeedMark {
  /** The time of the newest entry that was read, by the service's own clock, ISO 8601. */
  readonly since?: string | undefined;
  /** The tag of what `url` answered last. */
  readonly url?: string | undefined;
  readonly etag?: string | undefined;
}

export class FeedMarks {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(name: string, { signal }: CallOptions = {}): Promise<FeedMark> {
    const row = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_feed')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst(signal ? { signal } : {});
    return { since: row?.since ?? undefined, url: row?.url ?? undefined, etag: row?.etag ?? undefined };
  }

  async save(name: string, { since, url, etag }: FeedMark, { signal }: CallOptions = {}): Promise<void> {
    const columns = { since: since ?? null, url: url ?? null, etag: etag ?? null };
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_feed')
      .values({ name, ...columns })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
      .execute(signal ? { signal } : {});
  }
}
