/** Crashes and blobs in a keyspace of Cassandra. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Client } from 'cassandra-driver';
import { Semaphore } from '../../lib/concurrency.ts';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { checkDay } from '../days.ts';
import { refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';
import type { Swept } from '../upkeep.ts';
import { CASSANDRA_CAPABILITIES } from './capabilities.ts';
import { cassandraError } from './cassandra-errors.ts';
import { ChunkTable, type Place } from './chunks.ts';
import { connect } from './connection.ts';
import { packJson, unpackJson } from './documents.ts';
import { IntentTable } from './intents.ts';
import { BlobListing, blobOwner, DayListing } from './listing.ts';
import { ManifestTable, type StoredDump } from './manifests.ts';
import { checkSchema } from './schema.ts';
import { Session } from './session.ts';
import type { CassandraOptions, Label } from './settings.ts';
import { Sweeper, type SweepOptions } from './sweep.ts';
import type { Kind } from './tables.ts';
import { type Tables, Writer } from './writer.ts';

interface Surroundings {
  readonly log: Log;
  /** What messages call a setting. Default: its key. */
  readonly label?: Label | undefined;
}

export class CassandraStorage implements CrashStorage<(typeof CASSANDRA_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'cassandra';
  readonly capabilities = new Set(CASSANDRA_CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;
  readonly #explain: (error: unknown) => StorageError;
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #writer: Writer;
  readonly #days: DayListing;
  readonly #blobs: BlobListing;
  #closing: Promise<void> | undefined;

  private constructor(name: string, client: Client, options: CassandraOptions, { log, label }: Surroundings) {
    this.name = name;
    this.#explain = (error) => cassandraError(name, error, label);
    this.#gate = new CallGate(name, this.#explain);
    const session = new Session(client, options);
    this.#session = session;
    const chunks = new ChunkTable(name, session, new Semaphore(options.chunks_in_flight));
    const manifests = new ManifestTable(session, chunks);
    this.#tables = { store: name, log, chunks, manifests, intents: new IntentTable(session) };
    this.#writer = new Writer(this.#tables);
    this.#days = new DayListing(session, options.day_buckets);
    this.#blobs = new BlobListing(session);
  }

  /** Rejects with a StorageError that names the setting to look at, or the command that makes the schema. */
  static async open(
    name: string,
    options: CassandraOptions,
    { log, label, ...call }: CallOptions & Surroundings,
  ): Promise<CassandraStorage> {
    const client = await connect(name, options, { ...call, label });
    try {
      const store = new CassandraStorage(name, client, options, { log, label });
      await checkSchema(name, store.#session, call);
      return store;
    } catch (error) {
      await client.shutdown();
      throw cassandraError(name, error, label);
    }
  }

  saveReport({ raw, dumps }: Report, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      refuseTwinDumps(this.name, dumps);
      const document = await packJson(this.name, raw);
      await this.#writer.save(
        { owner: raw.id, kind: 'report', listing: this.#days, document, dumps },
        options,
      );
    });
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.#gate.run(options, async () => (await this.#document(id, 'report', options)) as RawCrash);
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.#gate.run(options, async () => {
      const { dumps } = await this.#dumps(id, options);
      return dumps
        .map(({ name, size, sha256 }) => ({ name, size, sha256 }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    const find = async (call?: CallOptions): Promise<Found> => {
      const { upload, dumps } = await this.#dumps(id, call);
      const dump = dumps.find((each) => each.name === name);
      if (dump) return { upload, ...dump };
      throw this.#notFound(`no such dump of ${id}`);
    };
    return this.#gate.run(options, async () => this.#handle(name, await find(options), find));
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      const document = await packJson(this.name, processed);
      await this.#writer.save(
        { owner: raw.id, kind: 'processed', listing: this.#days, document, dumps: [] },
        options,
      );
    });
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(
      options,
      async () => (await this.#document(id, 'processed', options)) as ProcessedCrash,
    );
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#writer.remove(id, this.#days, options));
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.#gate.iterate(options, () => {
      checkDay(this.name, day);
      return this.#days.ids(day, options) as AsyncIterable<CrashId>;
    });
  }

  putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, () =>
      this.#writer.save(
        { owner: this.#blobOwner(key), kind: 'blob', listing: this.#blobs, dumps: [bytes] },
        options,
      ),
    );
  }

  getBlob(key: string, options?: CallOptions): Promise<Dump> {
    const find = async (call?: CallOptions): Promise<Found> => {
      const found = await this.#blob(key, call);
      if (found) return found;
      throw this.#notFound('no such blob');
    };
    return this.#gate.run(options, async () => this.#handle(key, await find(options), find));
  }

  hasBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => (await this.#blob(key, options)) !== undefined);
  }

  removeBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, () => this.#writer.remove(this.#blobOwner(key), this.#blobs, options));
  }

  listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string> {
    return this.#gate.iterate(options, () => this.#blobs.keys(prefix, options));
  }

  /** What writes of dead processes left; never a write in hand. */
  sweep(options: SweepOptions): Promise<Swept> {
    const listingOf = (kind: Kind) => (kind === 'blob' ? this.#blobs : this.#days);
    return this.#gate.run(options, () => new Sweeper(this.#session, this.#tables, listingOf).sweep(options));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => {
      await checkSchema(this.name, this.#session, options);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
    this.#closing ??= this.#session.shutdown();
    try {
      await this.#closing;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #document(id: CrashId, kind: Kind, options: CallOptions | undefined): Promise<unknown> {
    const packed = await this.#tables.manifests.document(id, kind, options);
    if (!packed) throw this.#notFound(`no ${kind === 'report' ? 'raw' : 'processed'} crash ${id}`);
    return unpackJson(this.name, packed);
  }

  async #dumps(id: CrashId, options: CallOptions | undefined) {
    const found = await this.#tables.manifests.dumps(id, 'report', options);
    if (!found) throw this.#notFound(`no raw crash ${id}`);
    return found;
  }

  async #blob(key: string, options: CallOptions | undefined): Promise<Found | undefined> {
    const found = await this.#tables.manifests.dumps(this.#blobOwner(key), 'blob', options);
    const [dump] = found?.dumps ?? [];
    return found && dump && { upload: found.upload, ...dump };
  }

  #handle(name: string, { size, sha256 }: Found, find: (options?: CallOptions) => Promise<Found>): Dump {
    return {
      name,
      size,
      sha256,
      // Looked up again: it may have been saved once more meanwhile.
      open: (opening) =>
        this.#gate.run(opening, async () =>
          Readable.from(this.#checked(await find(opening), opening), { objectMode: false }),
        ),
    };
  }

  /** The stream ends with an error, not with its end, when its bytes do not have the sum they were saved with. */
  async *#checked(found: Place & Pick<StoredDump, 'sha256'>, options: CallOptions | undefined) {
    try {
      const hash = createHash('sha256');
      for await (const bytes of this.#tables.chunks.read(found, options)) {
        hash.update(bytes);
        yield bytes;
      }
      if (hash.digest('hex') !== found.sha256)
        throw new StorageError('corrupt', this.name, 'bytes do not have the SHA-256 they were saved with');
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #blobOwner(key: string): string {
    if (key.length > LONGEST_KEY)
      throw new StorageError('invalid', this.name, `a key has at most ${LONGEST_KEY} characters`);
    return blobOwner(key);
  }

  #notFound(detail: string): StorageError {
    return new StorageError('not_found', this.name, detail);
  }
}

/** Bytes and where they lie. */
type Found = Place & StoredDump;

/** Keys of rows have 65,535 bytes; in JSON a character may take six. */
const LONGEST_KEY = 10_000;
