/** What was alerted and has not passed: it is said once. */
import type { Database } from '../../database/contract.ts';
import type { CallOptions } from '../../model/report.ts';

interface Tables {
  readonly crontabber_alert: { readonly job: string; readonly subject: string; readonly since: string };
}

export class AlertMarks {
  readonly #database: Database;
  readonly #job: string;

  constructor(database: Database, job: string) {
    this.#database = database;
    this.#job = job;
  }

  async list({ signal }: CallOptions = {}): Promise<ReadonlySet<string>> {
    const rows = await this.#database
      .tables<Tables>()
      .selectFrom('crontabber_alert')
      .select('subject')
      .where('job', '=', this.#job)
      .execute(signal ? { signal } : {});
    return new Set(rows.map(({ subject }) => subject));
  }

  /** `since` is ISO 8601. */
  async set(subject: string, since: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .insertInto('crontabber_alert')
      .values({ job: this.#job, subject, since })
      .onConflict((conflict) => conflict.columns(['job', 'subject']).doNothing())
      .execute(signal ? { signal } : {});
  }

  async clear(subject: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#database
      .tables<Tables>()
      .deleteFrom('crontabber_alert')
      .where('job', '=', this.#job)
      .where('subject', '=', subject)
      .execute(signal ? { signal } : {});
  }
}
