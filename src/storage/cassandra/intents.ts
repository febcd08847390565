/**
 * Which uploads are not finished. An intent is written before the first byte and deleted when nothing is left to do, so
 * that a sweep finds what a dead process left without looking at anything else. They lie in partitions of ten
 * minutes: a sweep begins where the last one found nothing older, and no partition fills up with deleted rows.
 */
import type { CallOptions } from '../../model/report.ts';
import { StorageError } from '../errors.ts';
import { outlive } from './chunks.ts';
import { after, micros, type Row, type Session, toNumber } from './session.ts';
import { hashOf, INTENT_BUCKETS, type Kind, SLOT_MS } from './tables.ts';

/** An upload whose intent was not renewed for so long belongs to a process that died. */
export const LEASE_MS = 300_000;
const RENEW_MS = LEASE_MS / 5;

const UPSERT = `insert into intent (slot, bucket, upload, owner, kind, written, touched, chunks, buckets)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?) using ttl ?`;
const DELETE = 'delete from intent where slot = ? and bucket = ? and upload = ?';
const SELECT = 'select * from intent where slot = ? and bucket = ?';

/** An upload as its intent and its manifest know it. */
export interface UploadKey {
  readonly upload: unknown;
  /** A crash id, or a blob's key in its own writing. */
  readonly owner: string;
  readonly kind: Kind;
  /** Timestamp of all it writes, in microseconds. */
  readonly written: number;
  /** At most so many chunks. */
  readonly chunks: number;
  /** Buckets of the day's list at that time. */
  readonly buckets: number;
}

export interface Intent extends UploadKey {
  readonly slot: Date;
  readonly touched: Date;
}

export const slotOf = (time: Date): Date => new Date(Math.floor(time.getTime() / SLOT_MS) * SLOT_MS);

const bucketOfUpload = (upload: unknown): number => hashOf(String(upload)) % INTENT_BUCKETS;

export class IntentTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put({ upload, owner, kind, written, chunks, buckets, slot, touched }: Intent, options?: CallOptions) {
    const ttl = outlive(this.#session.ttl, 2);
    await this.#session.write(
      UPSERT,
      [slot, bucketOfUpload(upload), upload, owner, kind, written, touched, chunks, buckets, ttl],
      { ...options, at: micros() },
    );
  }

  async remove(
    { slot, upload, touched }: Pick<Intent, 'slot' | 'upload' | 'touched'>,
    tidying?: boolean,
  ): Promise<void> {
    const at = after(touched.getTime() * 1000);
    await this.#session.write(DELETE, [slot, bucketOfUpload(upload), upload], { at, tidying });
  }

  async *inSlot(slot: Date, bucket: number, options?: CallOptions): AsyncGenerator<Intent> {
    for await (const row of this.#session.each(SELECT, [slot, bucket], options)) yield intentOf(row);
  }
}

const intentOf = (row: Row): Intent => ({
  slot: row['slot'] as Date,
  upload: row['upload'],
  owner: String(row['owner']),
  kind: row['kind'] as Kind,
  written: toNumber(row['written']),
  touched: row['touched'] as Date,
  chunks: Number(row['chunks']),
  buckets: Number(row['buckets']),
});

/** The intent of a write in hand, renewed until `release`, which its owner calls however the write ends. */
export class Lease {
  readonly #table: IntentTable;
  readonly #key: UploadKey;
  readonly #slot = slotOf(new Date());
  #touched = new Date();
  #lost = false;
  #renewing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(table: IntentTable, key: UploadKey) {
    this.#table = table;
    this.#key = key;
  }

  static async take(table: IntentTable, key: UploadKey, options?: CallOptions): Promise<Lease> {
    const lease = new Lease(table, key);
    await table.put({ ...key, slot: lease.#slot, touched: lease.#touched }, options);
    lease.#timer = setInterval(() => {
      // A renewal that fails shows in `check`; the next may succeed.
      lease.#renewing = lease.#renewing.then(() => lease.#renew()).catch(() => undefined);
    }, RENEW_MS);
    return lease;
  }

  /** Rejects when a sweep may have taken the upload for a dead one: what it had written may be gone. */
  check(store: string): void {
    if (!this.#late()) return;
    throw new StorageError('unavailable', store, 'the write could not renew its intent and was given up');
  }

  /** Nothing more is renewed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
  }

  /** After `stop`: nothing is left to do for a sweep. */
  release(tidying?: boolean): Promise<void> {
    return this.#table.remove(
      { slot: this.#slot, touched: this.#touched, upload: this.#key.upload },
      tidying,
    );
  }

  /** Once it was late it is for good: a process that stood still must not go on as if nothing had happened. */
  #late(): boolean {
    this.#lost ||= Date.now() - this.#touched.getTime() > LEASE_MS - RENEW_MS;
    return this.#lost;
  }

  async #renew(): Promise<void> {
    if (this.#late()) return;
    const touched = new Date();
    await this.#table.put({ ...this.#key, slot: this.#slot, touched });
    this.#touched = touched;
  }
}
