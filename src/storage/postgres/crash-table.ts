/** Processed crashes: saving, reading. */
import type { PostgresPool } from '../../database/postgres-pool.ts';
import type { PostgresSession } from '../../database/postgres-session.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import { dateOf, valueIn } from '../../search/values.ts';
import { StorageError } from '../errors.ts';
import type { Fields } from '../sql-search/field-columns.ts';
import { placesOf } from './chunks.ts';
import { exactJson, parseExact, withDocument } from './documents.ts';
import { columnsNeeded, columnValues } from './field-columns.ts';
import type { FieldRegistry } from './field-registry.ts';
import { dayColumn, type Partitions } from './partitions.ts';
import type { Tables } from './tables.ts';

/** Columns that every crash has, in the order of their values. */
const BASE = ['day', 'id', 'date', 'input', 'trace', 'document', 'exact'] as const;

interface Stored {
  readonly exact: string;
  readonly input: string | null;
  readonly trace: string | null;
}

/** Input and trace of the signature lie in columns of their own: preview and re-sign read those and nothing else. */
function split(store: string, processed: ProcessedCrash): Stored {
  const { signature_input, signature_trace, ...rest } = processed;
  const part = (value: unknown): string | null => (value === undefined ? null : exactJson(store, value));
  return { exact: exactJson(store, rest), input: part(signature_input), trace: part(signature_trace) };
}

export class CrashTable {
  readonly #store: string;
  readonly #pool: PostgresPool;
  readonly #tables: Tables;
  readonly #partitions: Partitions;
  readonly #registry: FieldRegistry;
  /** Made anew when the fields change. */
  #upsert: { readonly fields: Fields; readonly sql: string } | undefined;

  constructor(
    store: string,
    pool: PostgresPool,
    tables: Tables,
    partitions: Partitions,
    registry: FieldRegistry,
  ) {
    this.#store = store;
    this.#pool = pool;
    this.#tables = tables;
    this.#partitions = partitions;
    this.#registry = registry;
  }

  async save(raw: RawCrash, processed: ProcessedCrash, options: CallOptions = {}): Promise<void> {
    const stored = split(this.#store, processed);
    // Once more when another process has changed the fields: their columns would stay as they are, or empty.
    while (!(await this.#write(raw, processed, stored, options))) await this.#registry.load(options);
  }

  async read(id: CrashId, options: CallOptions = {}): Promise<ProcessedCrash> {
    const { rows } = await this.#pool.query<Stored>(
      `select exact, input, trace from ${this.#tables.crash} where day = $1 and id = $2`,
      [dayColumn(id), id],
      options,
    );
    const [row] = rows;
    if (!row) throw new StorageError('not_found', this.#store, `no processed crash ${id}`);
    return {
      ...parseExact(this.#store, row.exact),
      ...(row.input === null ? {} : { signature_input: parseExact(this.#store, row.input) }),
      ...(row.trace === null ? {} : { signature_trace: parseExact(this.#store, row.trace) }),
    } as ProcessedCrash;
  }

  /** Within a transaction that has the lock of the crash. True when there was something. */
  async remove(session: PostgresSession, id: CrashId): Promise<boolean> {
    const { count } = await session.query(`delete from ${this.#tables.crash} where day = $1 and id = $2`, [
      dayColumn(id),
      id,
    ]);
    return count > 0;
  }

  /** False when the fields that it went by are not those of the database. */
  async #write(
    raw: RawCrash,
    processed: ProcessedCrash,
    { exact, input, trace }: Stored,
    options: CallOptions,
  ): Promise<boolean> {
    const { fields, version } = this.#registry;
    const day = dayColumn(raw.id);
    const values = [...fields.values()].flatMap((field) =>
      columnsNeeded(field).length > 0 ? columnValues(field, valueIn(field.definition, raw, processed)) : [],
    );
    const found = await withDocument(exact, (document) =>
      this.#partitions.within(day, options, () =>
        this.#pool.withSession(async (session) => {
          const base = [day, raw.id, dateOf(raw, processed), input, trace, document, exact];
          const { rows } = await session.query<{ readonly version: number }>(this.#sql(fields), [
            ...base,
            ...values,
          ]);
          return rows[0]?.version;
        }, options),
      ),
    );
    return found === version;
  }

  #sql(fields: Fields): string {
    if (this.#upsert?.fields !== fields) this.#upsert = { fields, sql: this.#upsertSql(fields) };
    return this.#upsert.sql;
  }

  #upsertSql(fields: Fields): string {
    const added = [...fields.values()].flatMap((field) => columnsNeeded(field).map(([name]) => `"${name}"`));
    const columns = [...BASE, ...added];
    const updates = columns.slice(2).map((name) => `${name} = excluded.${name}`);
    return `insert into ${this.#tables.crash} (${columns.join(', ')}) values ${placesOf(1, columns.length)}
      on conflict (day, id) do update set ${updates.join(', ')} returning ${this.#registry.versionSql} as version`;
  }
}
