/** What the index keeps of a crash, made so that the server takes it; and less of it when it does not. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { dateOf } from '../../search/values.ts';
import { StorageError } from '../errors.ts';
import { indexedValue, type Reason } from './field-values.ts';
import { packDocument } from './packed-document.ts';

/** Without these it is no document of ours. */
const ESSENTIALS = ['crash_id', 'crash_day', 'crash_date'] as const;

type Body = Readonly<Record<string, unknown>>;

const jsonOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

export class CrashDocument {
  readonly id: CrashId;
  readonly index: string;
  readonly #removed: Map<string, Reason>;
  #body: Body;

  private constructor(id: CrashId, index: string, body: Body, removed: Map<string, Reason>) {
    this.id = id;
    this.index = index;
    this.#body = body;
    this.#removed = removed;
  }

  /** Rejects with `invalid` when JSON cannot hold the crash. */
  static async of(
    crash: { readonly raw: RawCrash; readonly processed: ProcessedCrash; readonly index: string },
    fields: Iterable<FieldDefinition>,
    how: { readonly store: string; readonly keepDocument: boolean },
  ): Promise<CrashDocument> {
    const { raw, processed, index } = crash;
    const removed = new Map<string, Reason>();
    const body: Record<string, unknown> = {
      crash_id: raw.id,
      crash_day: raw.id.slice(-6),
      crash_date: dateOf(raw, processed),
    };
    try {
      for (const field of fields) {
        const { value, reason } = indexedValue(field, raw, processed);
        if (value !== undefined) body[field.name] = value;
        if (reason) removed.set(field.name, reason);
      }
      body['signature_input'] = jsonOf(processed.signature_input);
      body['signature_trace'] = jsonOf(processed.signature_trace);
      if (how.keepDocument) body['document'] = await packDocument(processed);
    } catch (cause) {
      throw new StorageError('invalid', how.store, 'the processed crash cannot be written as JSON', {
        cause,
      });
    }
    return new CrashDocument(raw.id, index, body, removed);
  }

  /** Names of fields that are not in it as the crash has them, and why. */
  get removed(): ReadonlyMap<string, Reason> {
    return this.#removed;
  }

  has(name: string): boolean {
    return this.#body[name] !== undefined;
  }

  /** Takes a field out. False when it is not there, or cannot be done without. */
  drop(name: string, reason: Reason): boolean {
    if (ESSENTIALS.some((essential) => essential === name) || this.#body[name] === undefined) return false;
    const { [name]: _, ...rest } = this.#body;
    this.#body = rest;
    this.#removed.set(name, reason);
    return true;
  }

  /** Takes out the whole document, or else everything but the essentials. False when nothing more can be. */
  shrink(): boolean {
    return this.drop('document', 'too_long') || this.#dropFields('too_long');
  }

  /** Takes out everything but the essentials, the whole document last. False when nothing else was there. */
  strip(): boolean {
    return this.#dropFields('refused') || this.drop('document', 'refused');
  }

  #dropFields(reason: Reason): boolean {
    return Object.keys(this.#body)
      .filter((name) => name !== 'document')
      .map((name) => this.drop(name, reason))
      .some(Boolean);
  }

  /** What is sent. */
  toJSON(): Body {
    return this.#removed.size === 0
      ? this.#body
      : { ...this.#body, removed_fields: [...this.#removed.keys()].sort() };
  }
}
