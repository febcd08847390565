/** The contract of stores over `CrashIndex`: `closed` after close, errors with codes. */
import type { Client } from '@elastic/elasticsearch';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, RawCrash } from '../../model/report.ts';
import type { Row, ScanRequest } from '../../search/query.ts';
import { CallGate } from '../call-gate.ts';
import { type Capability, type CrashStorage, HEALTHY, type Health } from '../contract.ts';
import type { CrashIndex } from './crash-index.ts';
import { elasticsearchError } from './errors.ts';

const ALWAYS = ['processed.write', 'remove', 'list', 'scan'] as const satisfies readonly Capability[];

export const capabilitiesOf = (keepDocument: boolean): readonly Capability[] =>
  keepDocument ? [...ALWAYS, 'processed.read'] : ALWAYS;

export class ElasticsearchStorage implements CrashStorage<(typeof ALWAYS)[number]> {
  readonly name: string;
  readonly use = 'elasticsearch';
  readonly capabilities: ReadonlySet<Capability> = new Set(capabilitiesOf(false));
  readonly children = [];
  protected readonly gate: CallGate;
  protected readonly index: CrashIndex;
  readonly #client: Client;
  #closing: Promise<void> | undefined;

  /** The store closes index and client. */
  constructor(index: CrashIndex, client: Client) {
    this.name = index.site.name;
    this.index = index;
    this.#client = client;
    this.gate = new CallGate(this.name, (error) => elasticsearchError(index.site, error));
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.gate.run(options, () => this.index.saveProcessed(raw, processed, options));
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.gate.run(options, () => this.index.remove(id, options));
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    return this.gate.iterate(options, () => this.index.list(day, options));
  }

  scan(request: ScanRequest, options?: CallOptions): AsyncIterable<Row> {
    return this.gate.iterate(options, () => this.index.scan(request, options));
  }

  /** Work of one's own over the connections of the store, which stay open. Errors get their codes. */
  withConnection<T>(work: (client: Client) => Promise<T>, options?: CallOptions): Promise<T> {
    return this.gate.run(options, () => work(this.#client));
  }

  health(options?: CallOptions): Promise<Health> {
    return this.gate.run(options, async () => {
      await this.index.health(options);
      return HEALTHY;
    });
  }

  async close(options?: CallOptions): Promise<void> {
    await this.gate.close(options);
    this.#closing ??= this.index.close();
    try {
      await this.#closing;
    } catch (error) {
      throw elasticsearchError(this.index.site, error);
    }
  }
}

/** Where the whole document is kept beside the indexed fields. */
export class ElasticsearchDocumentStorage
  extends ElasticsearchStorage
  implements CrashStorage<'processed.read'>
{
  override readonly capabilities: ReadonlySet<Capability> = new Set(capabilitiesOf(true));

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.gate.run(options, () => this.index.readProcessed(id, options));
  }
}
