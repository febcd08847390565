/** A whole store in one SQLite file: reports, processed crashes, search and scan. */
import type { Database } from '../../database/contract.ts';
import { migrate } from '../../database/migrate.ts';
import { sqliteDatabase } from '../../database/sqlite-database.ts';
import { SqliteFile } from '../../database/sqlite-file.ts';
import type { Statement } from '../../database/sqlite-protocol.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import type { Row, ScanRequest, SearchQuery, SearchResult } from '../../search/query.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { fromDatabase } from '../database-errors.ts';
import { checkDay } from '../days.ts';
import { Searcher } from '../sql-search/search.ts';
import type { SqlIndex } from '../sql-search/sql-index.ts';
import { crashIndex } from './crash-index.ts';
import { FieldRegistry } from './field-registry.ts';
import { ProcessedTable } from './processed-table.ts';
import { ReportTable, removeReport } from './report-table.ts';
import { scanCrashes } from './scan.ts';
import { MIGRATIONS } from './schema.ts';

export const SQLITE_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'search',
  'scan',
] as const satisfies readonly Capability[];

/** Ids to a page of `list`. */
const LIST_PAGE = 1000;
/** Crashes removed in one transaction: others must get to write in between. */
const DROP_BATCH = 100;

const removeAll = (id: CrashId): readonly Statement[] => [
  ...removeReport(id),
  { sql: 'delete from crash where id = ?', parameters: [id] },
];

export class SqliteStorage implements CrashStorage<(typeof SQLITE_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'sqlite';
  readonly capabilities: ReadonlySet<Capability> = new Set(SQLITE_CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;
  readonly #file: SqliteFile;
  readonly #registry: FieldRegistry;
  readonly #reports: ReportTable;
  readonly #processed: ProcessedTable;
  readonly #index: SqlIndex;
  readonly #searcher: Searcher;
  #closing: Promise<void> | undefined;

  private constructor(name: string, file: SqliteFile, database: Database, registry: FieldRegistry) {
    this.name = name;
    this.#file = file;
    this.#registry = registry;
    this.#gate = new CallGate(name, (error) => fromDatabase(name, error));
    this.#reports = new ReportTable(name, file);
    this.#processed = new ProcessedTable(name, file, registry);
    this.#index = crashIndex(name, file, registry, database.tables());
    this.#searcher = new Searcher(this.#index);
  }

  /** Opens or creates the file and brings its tables up to date. Rejects with a StorageError. */
  static async open(name: string, options: { readonly file: string }): Promise<SqliteStorage> {
    let file: SqliteFile | undefined;
    try {
      file = await SqliteFile.open(options.file);
      const database = sqliteDatabase(file);
      await migrate(database, MIGRATIONS);
      const registry = new FieldRegistry(file);
      await registry.load();
      const store = new SqliteStorage(name, file, database, registry);
      await store.#reports.sweep();
      return store;
    } catch (error) {
      await file?.close();
      throw fromDatabase(name, error);
    }
  }

  saveReport(report: Report, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () => this.#reports.save(report, options));
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.#gate.run(options, () => this.#reports.readRaw(id, options));
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.#gate.run(options, () => this.#reports.listDumps(id, options));
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, () => this.#reports.readDump(id, name, options));
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () => this.#processed.save(raw, processed, options));
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(options, () => this.#processed.read(id, options));
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => {
      const results = await this.#file.commit(removeAll(id), options);
      return results.some((result) => result.changes > 0);
    });
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.#gate.iterate(options, () => this.#list(day, options));
  }

  applyFields(fields: readonly FieldDefinition[], options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () => this.#registry.apply(fields, options));
  }

  search(query: SearchQuery, options?: CallOptions): Promise<SearchResult> {
    return this.#gate.run(options, () => this.#searcher.search(query, options));
  }

  /** Raw crashes and dumps of those days too: nothing of a crash outlives it here. Returns the days. */
  dropBefore(day: string, options?: CallOptions): Promise<readonly string[]> {
    return this.#gate.run(options, () => this.#dropBefore(day, options));
  }

  scan(request: ScanRequest, options?: CallOptions): AsyncIterable<Row> {
    return this.#gate.iterate(options, () => scanCrashes(this.#file, this.#index, request, options));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => {
      await this.#file.health(options);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
    this.#closing ??= this.#file.close();
    try {
      await this.#closing;
    } catch (error) {
      throw fromDatabase(this.name, error);
    }
  }

  async *#list(day: string, options: CallOptions | undefined): AsyncGenerator<CrashId> {
    checkDay(this.name, day);
    const digits = day.slice(2).replaceAll('-', '');
    const sql = `select id from raw where day = ?1 and id > ?2
      union select id from crash where day = ?1 and id > ?2 order by id limit ${LIST_PAGE}`;
    for (let after = ''; ; ) {
      const { rows } = await this.#file.query({ sql, parameters: [digits, after] }, options);
      for (const [id] of rows) yield id as CrashId;
      const last = rows.at(-1);
      if (!last || rows.length < LIST_PAGE) return;
      after = String(last[0]);
    }
  }

  async #dropBefore(day: string, options: CallOptions | undefined): Promise<readonly string[]> {
    checkDay(this.name, day);
    const end = `${day}T00:00:00.000Z`;
    const sql = `select id, substr(date, 1, 10) from (
        select * from (select id, date from crash where date < ?1 order by date limit ${DROP_BATCH})
        union select * from (select id, received from raw where received < ?1 order by received limit ${DROP_BATCH})
      )`;
    const days = new Set<string>();
    for (;;) {
      const { rows } = await this.#file.query({ sql, parameters: [end] }, options);
      if (rows.length === 0) return [...days].sort();
      await this.#file.commit(
        rows.flatMap(([id]) => removeAll(id as CrashId)),
        options,
      );
      for (const row of rows) days.add(String(row[1]));
      await this.#file.shrink(options);
    }
  }
}
