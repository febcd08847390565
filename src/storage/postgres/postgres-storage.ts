/** A whole store in one schema of PostgreSQL: reports, processed crashes, search, scan and blobs. */
import { checkServer, postgresDatabase } from '../../database/postgres-database.ts';
import type { PostgresPool } from '../../database/postgres-pool.ts';
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
import { BlobTable } from './blob-table.ts';
import { crashIndex } from './crash-index.ts';
import { CrashTable } from './crash-table.ts';
import { FieldRegistry } from './field-registry.ts';
import { Partitions } from './partitions.ts';
import { ReportTable } from './report-table.ts';
import { Retention } from './retention.ts';
import { scanCrashes } from './scan.ts';
import { checkSchema } from './schema.ts';
import type { Tables } from './tables.ts';

export const POSTGRES_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'search',
  'scan',
  'blobs',
] as const satisfies readonly Capability[];

/** Ids to a page of `list`. */
const LIST_PAGE = 1000;

export class PostgresStorage implements CrashStorage<(typeof POSTGRES_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'postgres';
  readonly capabilities: ReadonlySet<Capability> = new Set(POSTGRES_CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;
  readonly #pool: PostgresPool;
  readonly #tables: Tables;
  readonly #registry: FieldRegistry;
  readonly #reports: ReportTable;
  readonly #crashes: CrashTable;
  readonly #blobs: BlobTable;
  readonly #index: SqlIndex;
  readonly #searcher: Searcher;
  readonly #retention: Retention;
  #closing: Promise<void> | undefined;

  private constructor(name: string, pool: PostgresPool, tables: Tables, registry: FieldRegistry) {
    this.name = name;
    this.#pool = pool;
    this.#tables = tables;
    this.#registry = registry;
    this.#gate = new CallGate(name, (error) => fromDatabase(name, error));
    const partitions = new Partitions(pool, tables);
    this.#reports = new ReportTable(name, pool, tables, partitions);
    this.#crashes = new CrashTable(name, pool, tables, partitions, registry);
    this.#blobs = new BlobTable(name, pool, tables);
    this.#retention = new Retention(pool, tables, partitions, (session, id) => this.#removeAll(session, id));
    this.#index = crashIndex(name, pool, tables, registry, postgresDatabase(pool).tables());
    this.#searcher = new Searcher(this.#index);
  }

  /**
   * Rejects with `invalid` and the command to run when the tables are missing or old. The pool is made by `connect`,
   * and closed with the store, or when it cannot be opened.
   */
  static async open(name: string, connect: () => PostgresPool, tables: Tables): Promise<PostgresStorage> {
    let pool: PostgresPool | undefined;
    try {
      pool = connect();
      await checkServer(pool);
      await checkSchema(name, pool, tables);
      const registry = new FieldRegistry(pool, tables);
      await registry.load();
      return new PostgresStorage(name, pool, tables, registry);
    } catch (error) {
      await pool?.close();
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
    return this.#gate.run(options, () => this.#crashes.save(raw, processed, options));
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(options, () => this.#crashes.read(id, options));
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () =>
      this.#pool.transaction((session) => this.#removeAll(session, id), {
        ...options,
        lock: this.#tables.lock(id),
      }),
    );
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

  /** Raw crashes and dumps too: nothing of a crash outlives it here. Returns weeks by their Monday, and days. */
  dropBefore(day: string, options?: CallOptions): Promise<readonly string[]> {
    return this.#gate.run(options, async () => {
      checkDay(this.name, day);
      return this.#retention.dropBefore(day, options);
    });
  }

  scan(request: ScanRequest, options?: CallOptions): AsyncIterable<Row> {
    return this.#gate.iterate(options, () =>
      scanCrashes(this.#pool, this.#tables, this.#index, request, options),
    );
  }

  putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () => this.#blobs.put(key, bytes, options));
  }

  getBlob(key: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, () => this.#blobs.get(key, options));
  }

  hasBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#blobs.has(key, options));
  }

  removeBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#blobs.remove(key, options));
  }

  listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.#gate.iterate(options, () => this.#blobs.list(prefix, options));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => {
      await this.#pool.health(options);
      await checkSchema(this.name, this.#pool, this.#tables, options);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
    this.#closing ??= this.#pool.close();
    try {
      await this.#closing;
    } catch (error) {
      throw fromDatabase(this.name, error);
    }
  }

  async #removeAll(session: Parameters<ReportTable['remove']>[0], id: CrashId): Promise<boolean> {
    const report = await this.#reports.remove(session, id);
    const crash = await this.#crashes.remove(session, id);
    return report || crash;
  }

  async *#list(day: string, options: CallOptions | undefined): AsyncGenerator<CrashId> {
    checkDay(this.name, day);
    const { raw, crash } = this.#tables;
    const sql = `select id from ${raw} where day = $1 and id > $2
      union select id from ${crash} where day = $1 and id > $2 order by id limit ${LIST_PAGE}`;
    for (let after = ''; ; ) {
      const { rows } = await this.#pool.query<{ readonly id: CrashId }>(sql, [day, after], options);
      for (const { id } of rows) yield id;
      const last = rows.at(-1);
      if (!last || rows.length < LIST_PAGE) return;
      after = last.id;
    }
  }
}
