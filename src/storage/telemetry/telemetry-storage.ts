/** The public part of processed crashes in a bucket of its own, a document a crash: Socorro's `crash_report`. */
import type { Log } from '../../lib/log.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import { checkDay } from '../days.ts';
import { StorageError } from '../errors.ts';
import { openConnection, type S3Connection } from '../s3-client/connection.ts';
import { checkPrefix, idIn, keyRoot } from '../s3-client/key-root.ts';
import { S3Objects } from '../s3-client/objects.ts';
import { checkAtOpen } from '../s3-client/open-check.ts';
import { storeLabel } from '../s3-client/settings.ts';
import { telemetryDocument } from './document.ts';
import type { JsonSchema } from './json-schema.ts';
import { readSchema } from './schema-file.ts';
import { TELEMETRY_CAPABILITIES, type TelemetrySettings } from './settings.ts';

/** Where every document lies. */
export const documentFolder = (settings: TelemetrySettings): string => `${keyRoot(settings)}v1/crash_report/`;

export class TelemetryStorage implements CrashStorage<(typeof TELEMETRY_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'telemetry';
  readonly capabilities: ReadonlySet<Capability> = new Set(TELEMETRY_CAPABILITIES);
  readonly children = [];
  readonly #connection: S3Connection;
  readonly #objects: S3Objects;
  readonly #folder: string;
  readonly #schema: JsonSchema;
  readonly #gate: CallGate;

  constructor(name: string, connection: S3Connection, folder: string, schema: JsonSchema) {
    this.name = name;
    this.#connection = connection;
    this.#objects = new S3Objects(name, connection);
    this.#folder = folder;
    this.#schema = schema;
    this.#gate = new CallGate(name, (error) => connection.error(error));
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      // Refused as by every other store, though of such a crash a document could be made.
      JSON.stringify(processed);
      const document = telemetryDocument(raw, processed, this.#schema);
      const bytes = Buffer.from(JSON.stringify(document));
      await this.#objects.put(this.#key(raw.id), bytes, { ...options, contentType: 'application/json' });
    });
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => {
      if (dayOf(id) === undefined) return false;
      const key = this.#key(id);
      if (await this.#objects.head(key, options)) {
        await this.#objects.remove(key, options);
        return true;
      }
      await this.#objects.check(this.#folder, options);
      return false;
    });
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.#gate.iterate(options, () => this.#list(day, options));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => {
      await this.#objects.check(this.#folder, options);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
    this.#connection.close();
  }

  async *#list(day: string, options: CallOptions | undefined): AsyncGenerator<CrashId> {
    checkDay(this.name, day);
    for await (const { key } of this.#objects.list(`${this.#folder}${day.replaceAll('-', '')}/`, options)) {
      const id = idIn(key);
      if (id !== undefined) yield id;
    }
  }

  #key(id: CrashId): string {
    const day = dayOf(id);
    if (day === undefined)
      throw new StorageError('invalid', this.name, `${id} ends with no date, by which documents are kept`);
    return `${this.#folder}${day.replaceAll('-', '')}/${id}`;
  }
}

/** Asks for the bucket: `invalid` when it is not there; a server that is down is `unavailable`. */
export async function openTelemetryStorage(
  name: string,
  settings: TelemetrySettings,
  log: Log,
): Promise<TelemetryStorage> {
  checkPrefix(name, settings);
  const schema = await readSchema(settings.schema, storeLabel(name)('schema'), log);
  const connection = await openConnection(settings, { store: name });
  try {
    const folder = documentFolder(settings);
    await checkAtOpen(new S3Objects(name, connection), connection, folder, name, log);
    return new TelemetryStorage(name, connection, folder, schema);
  } catch (error) {
    connection.close();
    throw error;
  }
}
