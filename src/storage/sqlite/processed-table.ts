/** Processed crashes: saving, reading. */
import type { SqliteFile } from '../../database/sqlite-file.ts';
import type { SqlValue, Statement } from '../../database/sqlite-protocol.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import { dateOf, valueIn } from '../../search/values.ts';
import { StorageError } from '../errors.ts';
import type { Fields } from '../sql-search/field-columns.ts';
import { joinProcessed, type ProcessedParts, splitProcessed, unpackJson } from './documents.ts';
import { columnsNeeded, columnValues } from './field-columns.ts';
import { type FieldRegistry, VERSION } from './field-registry.ts';

/** The date in a crash id, `YYMMDD`: what `list` goes by. */
export const dayDigits = (id: CrashId): string => id.slice(-6);

const THE_CRASH = '(select n from crash where id = ?)';

export class ProcessedTable {
  readonly #store: string;
  readonly #file: SqliteFile;
  readonly #registry: FieldRegistry;
  /** Made anew when the fields change. */
  #upsert: { readonly fields: Fields; readonly sql: string } | undefined;

  constructor(store: string, file: SqliteFile, registry: FieldRegistry) {
    this.#store = store;
    this.#file = file;
    this.#registry = registry;
  }

  async save(raw: RawCrash, processed: ProcessedCrash, options: CallOptions = {}): Promise<void> {
    const parts = await splitProcessed(processed);
    // Once more when another process has changed the fields: their columns would stay as they are, or empty.
    while (!(await this.#write(raw, processed, parts, options))) await this.#registry.load(options);
  }

  /** False when the fields that it went by are not those of the file. */
  async #write(
    raw: RawCrash,
    processed: ProcessedCrash,
    parts: ProcessedParts,
    options: CallOptions,
  ): Promise<boolean> {
    const { version } = this.#registry;
    const results = await this.#file.commit(
      [
        this.#crashRow(raw, processed),
        {
          sql: `insert into signature_data (n, input, trace) values (${THE_CRASH}, ?, ?)
            on conflict (n) do update set input = excluded.input, trace = excluded.trace`,
          parameters: [raw.id, parts.input, parts.trace],
        },
        {
          sql: `insert into document (n, bytes) values (${THE_CRASH}, ?)
            on conflict (n) do update set bytes = excluded.bytes`,
          parameters: [raw.id, parts.document],
        },
        VERSION,
      ],
      options,
    );
    return results.at(-1)?.rows[0]?.[0] === version;
  }

  async read(id: CrashId, options: CallOptions = {}): Promise<ProcessedCrash> {
    const { rows } = await this.#file.query(
      {
        sql: `select d.bytes, s.input, s.trace from crash c
          join document d on d.n = c.n left join signature_data s on s.n = c.n where c.id = ?`,
        parameters: [id],
      },
      options,
    );
    const [row] = rows;
    if (!row) throw new StorageError('not_found', this.#store, `no processed crash ${id}`);
    const [bytes, input, trace] = row;
    const document = await unpackJson(this.#store, bytes);
    return joinProcessed(document as object, input, trace);
  }

  #crashRow(raw: RawCrash, processed: ProcessedCrash): Statement {
    const { fields } = this.#registry;
    if (this.#upsert?.fields !== fields) this.#upsert = { fields, sql: upsertSql(fields) };
    const parameters: SqlValue[] = [raw.id, dateOf(raw, processed), dayDigits(raw.id)];
    for (const field of fields.values()) {
      if (columnsNeeded(field).length > 0) {
        parameters.push(...columnValues(field, valueIn(field.definition, raw, processed)));
      }
    }
    return { sql: this.#upsert.sql, parameters };
  }
}

function upsertSql(fields: Fields): string {
  const names = [...fields.values()].flatMap((field) => columnsNeeded(field).map(([name]) => `"${name}"`));
  const columns = ['id', 'date', 'day', ...names];
  const updates = columns.slice(1).map((name) => `${name} = excluded.${name}`);
  return `insert into crash (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
    on conflict (id) do update set ${updates.join(', ')}`;
}
