/**
 * Every saved crash ends in the index. What the server refuses a crash for is mended or taken out, named in the crash's
 * `removed_fields` and counted; in the end it is indexed with nothing but its essentials. The original gives a crash up
 * without a word after five fields (socorro.md §3.9).
 */
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import type { BulkOutcome, BulkWriter } from './bulk-writer.ts';
import type { CrashDocument } from './crash-document.ts';
import { type Site, serverFault } from './errors.ts';
import type { IndexTemplate } from './index-template.ts';
import { metrics } from './metrics.ts';
import { refusalOf } from './refusal.ts';
import { isMissingIndex, type Weeks } from './weeks.ts';

export interface CrashWriterSetup {
  readonly site: Site;
  readonly bulk: BulkWriter;
  readonly weeks: Weeks;
  readonly template: IndexTemplate;
}

/** Fields that are taken out one by one; a crash with more of them is indexed without any. */
const MAX_REFUSALS = 20;
/** An index that is gone again as soon as it was made is being dropped by somebody. */
const MAX_CREATIONS = 3;

/** What was tried for one crash. */
interface Attempts {
  refusals: number;
  creations: number;
  isMapped: boolean;
}

const isDone = ({ status }: BulkOutcome): boolean => status >= 200 && status < 300;

export class CrashWriter {
  readonly #setup: CrashWriterSetup;

  constructor(setup: CrashWriterSetup) {
    this.#setup = setup;
  }

  async save(document: CrashDocument, options: CallOptions = {}): Promise<void> {
    const { bulk, weeks, template } = this.#setup;
    const attempts: Attempts = { refusals: 0, creations: 0, isMapped: false };
    await weeks.ensure(document.index, template.fields, options);
    for (;;) {
      const lines = linesOf(document);
      const outcome = await bulk.write(lines, options);
      if (isDone(outcome)) {
        this.#count(document, lines);
        return;
      }
      await this.#mend(document, outcome, attempts, options);
    }
  }

  /** Changes something, so that the next attempt may succeed; throws when there is nothing to change. */
  async #mend(
    document: CrashDocument,
    outcome: BulkOutcome,
    attempts: Attempts,
    options: CallOptions,
  ): Promise<void> {
    const { weeks, template } = this.#setup;
    const { status, error } = outcome;
    if (isMissingIndex(error) && attempts.creations < MAX_CREATIONS) {
      attempts.creations += 1;
      weeks.forget(document.index);
      return weeks.ensure(document.index, template.fields, options);
    }
    if (status === 413 && document.shrink()) return;
    if (status !== 400) throw this.#fault(outcome);
    const refusal = refusalOf(error, (name) => document.has(name));
    if (refusal?.kind === 'unmapped' && !attempts.isMapped) {
      attempts.isMapped = true;
      return weeks.applyTo(document.index, template.fields, options);
    }
    attempts.refusals += 1;
    const reason = refusal?.kind === 'unmapped' ? 'conflict' : 'refused';
    const isMended =
      refusal && attempts.refusals <= MAX_REFUSALS ? document.drop(refusal.field, reason) : document.strip();
    if (!isMended && !document.strip()) throw this.#fault(outcome);
  }

  #fault({ status, error }: BulkOutcome): StorageError {
    const { site } = this.#setup;
    const { code, detail } = serverFault(site, status, error);
    return new StorageError(code, site.name, detail);
  }

  #count(document: CrashDocument, lines: readonly string[]): void {
    const { name: store } = this.#setup.site;
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    metrics.observe('storage_elasticsearch_document_bytes', bytes, { store });
    for (const [field, reason] of document.removed)
      metrics.count('storage_elasticsearch_removed_fields_total', { store, field, reason });
  }
}

/** The two lines of a bulk request that replace the crash. */
const linesOf = (document: CrashDocument): readonly string[] => [
  JSON.stringify({ index: { _index: document.index, _id: document.id } }),
  JSON.stringify(document),
];
