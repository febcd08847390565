/**
 * What dead processes left: found by their intents, from where the last sweep had nothing left to look at. An upload
 * that a manifest names is finished for them; of any other, everything is removed.
 */
import { throwIfAborted } from '../../lib/abort.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CallOptions } from '../../model/report.ts';
import type { Swept } from '../upkeep.ts';
import { type Intent, LEASE_MS, slotOf, type UploadKey } from './intents.ts';
import type { Listing } from './listing.ts';
import { readMeta, writeMeta } from './schema.ts';
import type { Session } from './session.ts';
import { INTENT_BUCKETS, type Kind, SLOT_MS } from './tables.ts';
import type { Tables } from './writer.ts';

/** By how much clocks of writers may differ; so far each sweep looks back again. */
const SKEW_MS = 3_600_000;
const SLOTS_AT_ONCE = 8;

export interface SweepOptions extends CallOptions {
  readonly olderThanMs: number;
  readonly dryRun: boolean;
  /** Default: now. */
  readonly now?: Date;
}

export class Sweeper {
  readonly #session: Session;
  readonly #tables: Tables;
  readonly #listingOf: (kind: Kind) => Listing;

  constructor(session: Session, tables: Tables, listingOf: (kind: Kind) => Listing) {
    this.#session = session;
    this.#tables = tables;
    this.#listingOf = listingOf;
  }

  /** Never what was renewed within the lease: that is a write in hand. */
  async sweep({ olderThanMs, dryRun, now = new Date(), signal }: SweepOptions): Promise<Swept> {
    const before = new Date(now.getTime() - Math.max(olderThanMs, LEASE_MS));
    const total = { found: 0, bytes: 0, removed: 0 };
    let keep = slotOf(new Date(before.getTime() - SKEW_MS)).getTime();
    const from = await this.#from(keep, signal);
    const slots = Math.max(0, Math.floor((slotOf(before).getTime() - from) / SLOT_MS) + 1);
    const places = function* () {
      for (let slot = 0; slot < slots; slot += 1)
        for (let bucket = 0; bucket < INTENT_BUCKETS; bucket += 1)
          yield { slot: new Date(from + slot * SLOT_MS), bucket };
    };
    for (const batch of inBatches(places(), SLOTS_AT_ONCE * INTENT_BUCKETS)) {
      throwIfAborted(signal);
      await mapConcurrent(batch, SLOTS_AT_ONCE, async ({ slot, bucket }) => {
        for await (const intent of this.#tables.intents.inSlot(slot, bucket, { signal })) {
          const old = intent.touched < before;
          const swept = old ? await this.#one(intent, dryRun, signal) : undefined;
          total.found += swept?.found ?? 0;
          total.bytes += swept?.bytes ?? 0;
          total.removed += swept?.removed ?? 0;
          if (!old) keep = Math.min(keep, slot.getTime());
        }
      });
    }
    if (!dryRun) await writeMeta(this.#session, 'swept', String(keep));
    return total;
  }

  async #from(fallback: number, signal: AbortSignal | undefined): Promise<number> {
    const swept = Number(await readMeta(this.#session, 'swept', { signal }));
    return Number.isFinite(swept) && swept > 0 ? swept : fallback;
  }

  async #one(intent: Intent, dryRun: boolean, signal: AbortSignal | undefined): Promise<Swept> {
    const { manifests, intents } = this.#tables;
    const versions = await manifests.versions(intent.owner, intent.kind, { signal });
    const saved = versions.some(({ upload }) => String(upload) === String(intent.upload));
    // What it replaced was its to remove; the newest is what readers see.
    const strays: readonly UploadKey[] = saved ? versions.slice(1) : [intent];
    let found = 0;
    let bytes = 0;
    for (const stray of strays) {
      const measured = await this.#tables.chunks.measure(stray.upload, stray.chunks, { signal });
      bytes += measured.bytes;
      found += 1;
    }
    if (dryRun) return { found, bytes, removed: 0 };
    throwIfAborted(signal);
    const listing = this.#listingOf(intent.kind);
    if (saved) {
      await manifests.settle(intent.owner, intent.kind, listing);
      await listing.add(intent, { at: intent.written });
    } else await manifests.removeParts(intent, listing);
    await intents.remove(intent);
    return { found, bytes, removed: found };
  }
}

function* inBatches<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
