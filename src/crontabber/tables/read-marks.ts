/** How far each feed was read, or which days: the next run goes on there, and asks first whether anything is new at all. */
import { createHash } from 'node:crypto';
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_read: {
    readonly name: string;
    readonly since: string | null;
    readonly url: string | null;
    readonly etag: string | null;
  };
}

export interface ReadMark {
  /** The time of the newest entry that was read, by the service's own clock, ISO 8601; or a day. */
  readonly since?: string | undefined;
  /** The tag of what `url` answered last. */
  readonly url?: string | undefined;
  readonly etag?: string | undefined;
}

const scopeOf = (job: string, entry: Readonly<Record<string, unknown>>): string =>
  `${job} ${createHash('sha256').update(JSON.stringify(entry)).digest('hex').slice(0, 16)}`;

/** Marks of entries that the job has no longer: when one comes back, it is read from the beginning. */
export async function forgetOtherMarks(
  database: Database,
  job: string,
  entries: readonly Readonly<Record<string, unknown>>[],
  { signal }: CallOptions = {},
): Promise<void> {
  const scopes = new Set(entries.map((entry) => scopeOf(job, entry)));
  const how = signal ? { signal } : {};
  const tables = database.tables<Tables>();
  const rows = await tables.selectFrom('crontabber_read').select('name').execute(how);
  for (const { name } of rows) {
    const [owner, digest] = name.split(' ');
    if (owner !== job || scopes.has(`${owner} ${digest}`)) continue;
    await tables.deleteFrom('crontabber_read').where('name', '=', name).execute(how);
  }
}

export class ReadMarks {
  readonly #database: Database;
  readonly #scope: string;

  /** `entry` is the feed's setting: with another address or another question it is read from the beginning. */
  constructor(database: Database, job: string, entry: Readonly<Record<string, unknown>>) {
    this.#database = database;
    this.#scope = scopeOf(job, entry);
  }

  async isKnown(name: string, { signal }: CallOptions = {}): Promise<boolean> {
    const row = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_read')
      .select('name')
      .where('name', '=', this.#key(name))
      .executeTakeFirst(signal ? { signal } : {});
    return row !== undefined;
  }

  async of(name: string, { signal }: CallOptions = {}): Promise<ReadMark> {
    const row = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_read')
      .selectAll()
      .where('name', '=', this.#key(name))
      .executeTakeFirst(signal ? { signal } : {});
    return { since: row?.since ?? undefined, url: row?.url ?? undefined, etag: row?.etag ?? undefined };
  }

  async save(name: string, { since, url, etag }: ReadMark, { signal }: CallOptions = {}): Promise<void> {
    const columns = { since: since ?? null, url: url ?? null, etag: etag ?? null };
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_read')
      .values({ name: this.#key(name), ...columns })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
      .execute(signal ? { signal } : {});
  }

  #key(name: string): string {
    return `${this.#scope} ${name}`;
  }
}
