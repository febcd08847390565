/**
 * Crashes in weekly indices: all that Elasticsearch is asked for, without the contract of stores around it
 * (`ElasticsearchStorage`). Also what belongs to the capability `search`, which the store does not declare yet:
 * `applyFields` and `dropBefore`.
 */
import type { Client, estypes } from '@elastic/elasticsearch';
import { raceSignal, throwIfAborted } from '../../lib/abort.ts';
import { DAY_MS, isoDay } from '../../lib/clock.ts';
import { Semaphore } from '../../lib/concurrency.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import { checkDay } from '../days.ts';
import { StorageError } from '../errors.ts';
import { type BulkOutcome, BulkWriter } from './bulk-writer.ts';
import { CrashDocument } from './crash-document.ts';
import { CrashWriter } from './crash-writer.ts';
import { answerOf, type ServerError, type Site, serverFault } from './errors.ts';
import { IndexTemplate } from './index-template.ts';
import { unpackDocument } from './packed-document.ts';
import { type Hit, pages } from './pages.ts';
import { boundOf, isExtra, rowOf, sourcesOf } from './rows.ts';
import type { ElasticsearchSettings } from './settings.ts';
import { WeekIndices } from './week-indices.ts';
import { isMissingIndex, Weeks } from './weeks.ts';

/** Ids to a page, and rows; a row with the input of its signature has some ten kilobytes. */
const LIST_PAGE = 5000;
const SCAN_PAGE = 1000;
const SCAN_PAGE_OF_LARGE = 200;
/** Crashes deleted at once when a week is cut. */
const CUT_PAGE = 1000;

export interface CrashIndexSetup {
  readonly client: Client;
  readonly site: Site;
  readonly settings: ElasticsearchSettings;
  /** The template of the index names, without a fault. */
  readonly index: string;
  readonly fields: Iterable<FieldDefinition>;
}

export class CrashIndex {
  readonly site: Site;
  readonly template: IndexTemplate;
  readonly weeks: Weeks;
  readonly #client: Client;
  readonly #settings: ElasticsearchSettings;
  readonly #indices: WeekIndices;
  readonly #bulk: BulkWriter;
  readonly #writer: CrashWriter;
  /** Documents being made or sent: those beyond wait unmade. */
  readonly #places: Semaphore;

  constructor({ client, site, settings, index, fields }: CrashIndexSetup) {
    this.site = site;
    this.#client = client;
    this.#settings = settings;
    this.#indices = new WeekIndices(index);
    const shape = { shards: settings.shards, replicas: settings.replicas };
    const shared = { client, indices: this.#indices, shape, timeoutMs: settings.timeout_extended };
    this.template = new IndexTemplate({ ...shared, site }, fields);
    this.weeks = new Weeks(shared);
    this.#bulk = this.#bulkWriter();
    this.#writer = new CrashWriter({ site, bulk: this.#bulk, weeks: this.weeks, template: this.template });
    this.#places = new Semaphore(settings.bulk_items * (settings.bulk_requests + 1));
  }

  async saveProcessed(raw: RawCrash, processed: ProcessedCrash, options: CallOptions = {}): Promise<void> {
    const crash = { raw, processed, index: this.#indices.of(raw.id) };
    const how = { store: this.site.name, keepDocument: this.#settings.keep_document };
    const save = this.#places.run(async () => {
      throwIfAborted(options.signal);
      const document = await CrashDocument.of(crash, this.template.fields.values(), how);
      await this.#writer.save(document, options);
    });
    await raceSignal(save, options.signal);
  }

  /** Sees what was just saved, without a refresh: a document is read by its id from the log of the shard. */
  async readProcessed(id: CrashId, options: CallOptions = {}): Promise<ProcessedCrash> {
    const { name } = this.site;
    const index = this.#indices.of(id);
    const found = await this.#client
      .get<{ readonly document?: unknown }>(
        { index, id, _source_includes: ['document'] },
        this.#short(options),
      )
      .catch((error: unknown) => {
        if (answerOf(error)?.status === 404) return undefined;
        throw error;
      });
    if (!found?.found) throw new StorageError('not_found', name, `no processed crash ${id}`);
    const document = found._source?.document;
    if (document === undefined)
      throw new StorageError('not_found', name, `of crash ${id} only the fields are kept, not the document`);
    return unpackDocument(name, document);
  }

  async remove(id: CrashId, options: CallOptions = {}): Promise<boolean> {
    const line = JSON.stringify({ delete: { _index: this.#indices.of(id), _id: id } });
    const outcome = await this.#bulk.write([line], options);
    if (outcome.status >= 200 && outcome.status < 300) return true;
    if (outcome.status === 404 && (outcome.result === 'not_found' || isMissingIndex(outcome.error)))
      return false;
    throw this.#fault(outcome);
  }

  async *list(day: string, options: CallOptions = {}): AsyncGenerator<CrashId> {
    checkDay(this.site.name, day);
    // Ids have two digits of the year, and are of this century.
    if (!day.startsWith('20')) return;
    const query = { term: { crash_day: day.slice(2).replaceAll('-', '') } };
    const request = { index: this.#indices.on(day), query, sort: ['crash_id'], source: [], size: LIST_PAGE };
    for await (const hits of this.#pages(request, options)) for (const { _id } of hits) yield _id as CrashId;
  }

  async *scan({ from, to, columns }: ScanRequest, options: CallOptions = {}): AsyncGenerator<Row> {
    const names = columns.filter((name) => !isExtra(name));
    const fields = await this.template.find(names, options);
    const request = {
      index: this.#indices.pattern,
      query: { range: { crash_date: { gte: boundOf(from), lt: boundOf(to) } } },
      sort: ['crash_date', 'crash_id'],
      source: sourcesOf(columns, fields),
      size: names.length < columns.length ? SCAN_PAGE_OF_LARGE : SCAN_PAGE,
    };
    for await (const hits of this.#pages(request, options))
      for (const hit of hits) yield rowOf(hit, columns, fields);
  }

  /** Makes fields searchable: in the template, and in every index that is there. Resolves with what it changed. */
  async applyFields(
    fields: readonly FieldDefinition[],
    options: CallOptions = {},
  ): Promise<readonly string[]> {
    const { templateName } = this.#indices;
    const isNew = await this.template.apply(fields, options);
    const applied = await this.weeks.apply(this.template.fields, options);
    return [
      ...(isNew ? [`index template ${templateName} written`] : []),
      ...applied.flatMap(({ index, added, conflicts }) => [
        ...(added.length > 0 ? [`${index}: ${added.length} properties added`] : []),
        ...(conflicts.length > 0
          ? [`${index}: mapped otherwise and left alone: ${conflicts.join(', ')}`]
          : []),
      ]),
    ];
  }

  /**
   * Whole weeks go with their index, at once. What is left of days before `day` is deleted crash by crash: at most six
   * days, and those crashes whose date is not that of their id. Resolves with the names of indices, dropped or cut.
   */
  async dropBefore(day: string, options: CallOptions = {}): Promise<readonly string[]> {
    checkDay(this.site.name, day);
    const weeks = await this.weeks.live(options);
    const dropped = await this.weeks.drop(
      weeks.filter((week) => week.end <= day),
      options,
    );
    const cut = new Set<string>();
    const query = { range: { crash_date: { lt: boundOf(new Date(`${day}T00:00:00Z`)) } } };
    const request = { index: this.#indices.pattern, query, sort: ['crash_id'], source: [], size: CUT_PAGE };
    for await (const hits of this.#pages(request, options)) {
      await Promise.all(hits.map((hit) => this.#delete(hit, options)));
      for (const { _index } of hits) cut.add(_index);
    }
    return [...dropped, ...[...cut].sort()];
  }

  /** Makes the indices of these days, both included. Resolves with the names of those that were not there. */
  async prepare(
    [from, until]: readonly [from: string, until: string],
    options: CallOptions = {},
  ): Promise<readonly string[]> {
    await this.template.load(options);
    const there = new Set((await this.weeks.live(options)).map(({ first }) => this.#indices.on(first)));
    const made = new Set<string>();
    for (let at = Date.parse(from); at <= Date.parse(until); at += DAY_MS) {
      const index = this.#indices.on(isoDay(new Date(at)));
      if (there.has(index) || made.has(index)) continue;
      await this.weeks.ensure(index, this.template.fields, options);
      made.add(index);
    }
    return [...made];
  }

  /** Every index, and with it every crash. Resolves with their names. */
  async wipe(options: CallOptions = {}): Promise<readonly string[]> {
    return this.weeks.drop(await this.weeks.live(options), options);
  }

  /** Rejects when no node answers, or when crashes cannot be read or written because shards are missing. */
  async health(options: CallOptions = {}): Promise<void> {
    const { pattern } = this.#indices;
    const { status } = await this.#client.cluster.health({ index: pattern }, this.#short(options));
    if (String(status).toLowerCase() !== 'red') return;
    throw new StorageError('unavailable', this.site.name, `shards of ${pattern} have no copy that works`);
  }

  async close(): Promise<void> {
    this.#bulk.close();
    await this.#client.close();
  }

  async #delete({ _index, _id }: Hit, options: CallOptions): Promise<void> {
    const outcome = await this.#bulk.write([JSON.stringify({ delete: { _index, _id } })], options);
    if (outcome.status >= 300 && outcome.status !== 404) throw this.#fault(outcome);
  }

  #pages(request: Parameters<typeof pages>[1], { signal }: CallOptions): AsyncGenerator<readonly Hit[]> {
    return pages(this.#client, request, { signal, timeoutMs: this.#settings.timeout_extended });
  }

  #fault({ status, error }: BulkOutcome): StorageError {
    const { code, detail } = serverFault(this.site, status, error);
    return new StorageError(code, this.site.name, detail);
  }

  #short({ signal }: CallOptions) {
    return { requestTimeout: this.#settings.timeout, ...(signal && { signal }) };
  }

  #bulkWriter(): BulkWriter {
    const { bulk_items, bulk_bytes, bulk_wait, bulk_requests, bulk_retries } = this.#settings;
    return new BulkWriter({
      store: this.site.name,
      limits: {
        items: bulk_items,
        bytes: bulk_bytes,
        waitMs: bulk_wait,
        requests: bulk_requests,
        retries: bulk_retries,
      },
      send: (lines, options) => this.#send(lines, options),
      answer: answerOf,
      isOverload: ({ status, error }) => serverFault(this.site, status, error).code === 'rate_limited',
    });
  }

  async #send(lines: readonly string[], options: CallOptions): Promise<readonly BulkOutcome[]> {
    const { items } = await this.#client.bulk<string>(
      { operations: [...lines], filter_path: 'items.*.status,items.*.result,items.*.error' },
      this.#short(options),
    );
    return items.map(outcomeOf);
  }
}

/** An item has one key, which says what it was: `index` or `delete`. */
function outcomeOf(item: Partial<Record<estypes.BulkOperationType, estypes.BulkResponseItem>>): BulkOutcome {
  const [answer] = Object.values(item);
  return {
    status: answer?.status ?? 500,
    result: answer?.result,
    error: answer?.error as ServerError | undefined,
  };
}
