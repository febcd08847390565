/** Bugs of other people's trackers, and the signatures that they name. */
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_bug: {
    readonly tracker: string;
    readonly bug: string;
    readonly url: string;
    readonly title: string | null;
    readonly is_open: number;
    readonly changed_at: string;
  };
  readonly crontabber_bug_signature: {
    readonly signature: string;
    readonly tracker: string;
    readonly bug: string;
  };
}

export interface Bug {
  /** As the feed is named. */
  readonly tracker: string;
  /** As the tracker names it, `1234567` or `4711`. */
  readonly bug: string;
  readonly url: string;
  /** Absent where the bug may be confidential. */
  readonly title: string | undefined;
  readonly isOpen: boolean;
  /** ISO 8601. */
  readonly changedAt: string;
}

export interface BugChange extends Bug {
  /** All that it names now. */
  readonly signatures: readonly string[];
}

/** On one page there is no room for more. */
const MOST_BUGS = 100;

export class Bugs {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All or none of them. What a bug names no longer is forgotten; one that names nothing is, too. */
  async save(changes: readonly BugChange[], { signal }: CallOptions = {}): Promise<void> {
    const how = signal ? { signal } : {};
    await this.#database
      .tables<Tables>()
      .transaction()
      .execute(async (tx) => {
        for (const { tracker, bug, url, title, isOpen, changedAt, signatures } of changes) {
          for (const table of ['crontabber_bug_signature', 'crontabber_bug'] as const)
            await tx.deleteFrom(table).where('tracker', '=', tracker).where('bug', '=', bug).execute(how);
          if (signatures.length === 0) continue;
          const row = {
            tracker,
            bug,
            url,
            title: title ?? null,
            is_open: Number(isOpen),
            changed_at: changedAt,
          };
          await tx.insertInto('crontabber_bug').values(row).execute(how);
          const named = [...new Set(signatures)].map((signature) => ({ signature, tracker, bug }));
          await tx.insertInto('crontabber_bug_signature').values(named).execute(how);
        }
      });
  }

  /** Trackers that are not configured any more. Resolves with how many bugs went. */
  async forgetAllBut(trackers: readonly string[], { signal }: CallOptions = {}): Promise<number> {
    const how = signal ? { signal } : {};
    return this.#database
      .tables<Tables>()
      .transaction()
      .execute(async (tx) => {
        await tx
          .deleteFrom('crontabber_bug_signature')
          .$if(trackers.length > 0, (qb) => qb.where('tracker', 'not in', trackers))
          .execute(how);
        const gone = await tx
          .deleteFrom('crontabber_bug')
          .$if(trackers.length > 0, (qb) => qb.where('tracker', 'not in', trackers))
          .executeTakeFirst(how);
        return Number(gone.numDeletedRows);
      });
  }

  /** All of one tracker. */
  async forget(tracker: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .transaction()
      .execute(async (tx) => {
        for (const table of ['crontabber_bug_signature', 'crontabber_bug'] as const)
          await tx
            .deleteFrom(table)
            .where('tracker', '=', tracker)
            .execute(signal ? { signal } : {});
      });
  }

  /** Open ones first, then the one that was changed last. */
  async of(signature: string, { signal }: CallOptions = {}): Promise<readonly Bug[]> {
    const rows = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_bug_signature as s')
      .innerJoin('crontabber_bug as b', (join) =>
        join.onRef('b.tracker', '=', 's.tracker').onRef('b.bug', '=', 's.bug'),
      )
      .select(['b.tracker', 'b.bug', 'b.url', 'b.title', 'b.is_open', 'b.changed_at'])
      .where('s.signature', '=', signature)
      .orderBy('b.is_open', 'desc')
      .orderBy('b.changed_at', 'desc')
      .orderBy('b.bug')
      .limit(MOST_BUGS)
      .execute(signal ? { signal } : {});
    return rows.map((row) => ({
      tracker: row.tracker,
      bug: row.bug,
      url: row.url,
      title: row.title ?? undefined,
      isOpen: row.is_open === 1,
      changedAt: row.changed_at,
    }));
  }
}
