/**
 * What happens to an upload once its bytes are read, whatever protocol it came by (socorro.md §4.5): throttle,
 * the client's own id, removed fields, the spool. Records exactly one outcome for each upload.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Log } from '../lib/log.ts';
import { type CrashId, createCrashId, isCrashId, throttleDigitOf } from '../model/crash-id.ts';
import type { CollectorMetadata, RawCrash } from '../model/report.ts';
import type { Draft } from '../spool/contract.ts';
import { SpoolError } from '../spool/contract.ts';
import type { CollectorDeps } from './contract.ts';
import { metrics } from './metrics.ts';
import type { OutcomeName } from './outcomes/outcome.ts';
import type { CollectorSettings } from './settings.ts';
import { type Annotations, fieldValue } from './throttle/field.ts';
import { DIGITS, decide, type ThrottleDecision } from './throttle/throttle.ts';
import type { Truncation } from './truncation.ts';

export interface Upload {
  readonly annotations: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
  readonly payload: CollectorMetadata['payload'];
  readonly compressed: boolean;
  /** Bytes on the wire. */
  readonly size: number;
  readonly userAgent: string;
  readonly truncated: ReadonlySet<Truncation>;
  /** The Authorization header. */
  readonly authorization: string | undefined;
  readonly draft: Draft;
}

export type Decision =
  /** The client may have the id: stored durably (or stored already, or accepted in name only). */
  | { readonly kind: 'kept'; readonly id: CrashId }
  | { readonly kind: 'rejected'; readonly rule: string }
  | { readonly kind: 'discarded' }
  | { readonly kind: 'unauthorized_uuid' }
  | { readonly kind: 'invalid_uuid' }
  /** Nothing was kept; the client may come back. */
  | { readonly kind: 'unavailable' };

const MAX_USER_AGENT = 500;
const MAX_NOTES = 200;
const MAX_LABEL = 64;
const NOBODY: Annotations = new Map();

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Intake {
  readonly #deps: CollectorDeps;
  readonly #settings: CollectorSettings;
  readonly #log: Log;
  readonly #token: Buffer | undefined;
  readonly #random: () => number;
  readonly #isClosing: () => boolean;

  /** `isClosing`: whether the collector was told to stop, so that a closed spool surprises nobody. */
  constructor(deps: CollectorDeps, settings: CollectorSettings, isClosing: () => boolean) {
    this.#isClosing = isClosing;
    this.#deps = deps;
    this.#settings = settings;
    this.#log = deps.log;
    this.#token = settings.resubmit_token === '' ? undefined : digest(settings.resubmit_token);
    this.#random = () => (deps.random ? deps.random() : Math.random());
  }

  /** Never rejects because the spool cannot take it: that is `unavailable`. The draft is committed or abandoned. */
  async take(upload: Upload, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Decision> {
    metrics.count('collector_incoming_total');
    const throttle = decide(this.#deps.throttle, upload.annotations, this.#random);
    const claimed = this.#claimedId(upload);
    if (typeof claimed === 'object') {
      await upload.draft.abandon();
      if (claimed.kind === 'unauthorized_uuid') metrics.count('collector_unauthorized_uuid_total');
      const reason = claimed.kind === 'invalid_uuid' ? 'malformed_invalid_uuid' : claimed.kind;
      this.#record('rejected', reason, upload.annotations);
      return claimed;
    }
    metrics.count('collector_throttle_total', { result: throttle.result });
    metrics.count('collector_throttle_rule_total', { rule: throttle.rule });
    const now = this.#deps.clock.now();
    const id = claimed ?? createCrashId(now, DIGITS[throttle.result]);
    if (throttle.result !== 'accept' && throttle.result !== 'defer') {
      return this.#turnAway(upload, throttle, id);
    }
    if (claimed !== undefined && (await this.#alreadyStored(claimed, options.signal))) {
      await upload.draft.abandon();
      this.#record('accepted', 'already_stored', upload.annotations, id);
      return { kind: 'kept', id };
    }
    return this.#store(upload, throttle, { id, now, signal: options.signal });
  }

  /** An upload that never came so far: its outcome alone. */
  refuse(reason: string, annotations: Annotations = NOBODY): void {
    this.#record('rejected', reason, annotations);
  }

  /** An upload that the spool did not take, while its bytes came or when it was committed: logged, counted, its outcome. */
  unsaved(error: unknown, annotations: Annotations = NOBODY): void {
    const code = error instanceof SpoolError ? error.code : 'internal';
    metrics.count('collector_unsaved_total', { code });
    this.#log.error({ err: error, code }, 'the spool did not take an upload');
    const isBug = code === 'internal' || (code === 'closed' && !this.#isClosing());
    if (isBug) this.#deps.reporter.report({ service: 'collector', error });
    this.#record('rejected', `spool_${code}`, annotations);
  }

  #claimedId({
    annotations,
    authorization,
  }: Upload): CrashId | undefined | Extract<Decision, { kind: 'unauthorized_uuid' | 'invalid_uuid' }> {
    const uuid = annotations.get('uuid');
    if (uuid === undefined) return undefined;
    const token = authorization?.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined;
    // Digests are of equal length, which the comparison in constant time needs.
    if (!this.#token || token === undefined || !timingSafeEqual(digest(token), this.#token)) {
      return { kind: 'unauthorized_uuid' };
    }
    if (!isCrashId(uuid) || throttleDigitOf(uuid) > 1) return { kind: 'invalid_uuid' };
    return uuid;
  }

  async #turnAway(upload: Upload, throttle: ThrottleDecision, id: CrashId): Promise<Decision> {
    await upload.draft.abandon();
    const { rule, result } = throttle;
    this.#record(result === 'reject' ? 'rejected' : 'discarded', rule, upload.annotations);
    if (result === 'reject') return { kind: 'rejected', rule };
    return result === 'discard' ? { kind: 'discarded' } : { kind: 'kept', id };
  }

  async #alreadyStored(id: CrashId, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return await this.#deps.alreadyStored(id, { signal });
    } catch (err) {
      this.#log.warn({ err, crashId: id }, 'cannot tell whether the crash is stored; it is saved again');
      return false;
    }
  }

  async #store(
    upload: Upload,
    throttle: ThrottleDecision,
    {
      id,
      now,
      signal,
    }: { readonly id: CrashId; readonly now: Date; readonly signal: AbortSignal | undefined },
  ): Promise<Decision> {
    const truncated = new Set(upload.truncated);
    const outcome = (): CollectorMetadata['outcome'] =>
      throttle.result === 'defer' ? 'deferred' : truncated.size > 0 ? 'truncated' : 'accepted';
    const commit = (): Promise<void> =>
      upload.draft.commit(
        this.#rawCrash({ ...upload, truncated }, { id, now, rule: throttle.rule, outcome: outcome() }),
        {
          signal,
        },
      );
    try {
      try {
        await commit();
      } catch (error) {
        if (!(error instanceof SpoolError) || error.code !== 'full' || upload.draft.dumpBytes === 0)
          throw error;
        // The annotations alone may still fit.
        await upload.draft.dropDumps();
        truncated.add('disk_full');
        await commit();
      }
    } catch (error) {
      await upload.draft.abandon();
      this.unsaved(error, upload.annotations);
      return { kind: 'unavailable' };
    }
    const [limit] = truncated;
    for (const reason of truncated) metrics.count('collector_truncated_total', { reason });
    // A deferred upload that lost a dump is deferred to the stores and truncated in the statistics.
    this.#record(
      limit === undefined ? outcome() : 'truncated',
      limit ?? throttle.rule,
      upload.annotations,
      id,
    );
    this.#log.info(
      { crashId: id, outcome: outcome(), rule: throttle.rule, limit, bytes: upload.size },
      'upload kept',
    );
    return { kind: 'kept', id };
  }

  #rawCrash(
    upload: Upload,
    made: {
      readonly id: CrashId;
      readonly now: Date;
      readonly rule: string;
      readonly outcome: CollectorMetadata['outcome'];
    },
  ): RawCrash {
    const annotations = Object.fromEntries(upload.annotations);
    const notes = upload.notes.slice(0, MAX_NOTES);
    if (upload.notes.length > MAX_NOTES) notes.push(`${upload.notes.length - MAX_NOTES} more notes`);
    for (const reason of upload.truncated)
      notes.push(`limit ${reason} was hit: part of the upload was dropped`);
    for (const field of this.#settings.removed_fields) {
      if (!upload.annotations.has(field)) continue;
      delete annotations[field];
      notes.push(`Removed ${field} from raw crash.`);
    }
    return {
      id: made.id,
      annotations,
      receivedAt: made.now.toISOString(),
      metadata: {
        payload: upload.payload,
        compressed: upload.compressed,
        size: upload.size,
        notes,
        userAgent: upload.userAgent.slice(0, MAX_USER_AGENT),
        throttleRule: made.rule,
        outcome: made.outcome,
      },
    };
  }

  #record(outcome: OutcomeName, reason: string, annotations: Annotations, crashId?: CrashId): void {
    metrics.count('collector_outcomes_total', { outcome });
    this.#deps.outcomes.record({
      at: this.#deps.clock.now(),
      outcome,
      reason,
      product: (fieldValue(annotations, 'product') ?? '').slice(0, MAX_LABEL),
      version: (fieldValue(annotations, 'version') ?? '').slice(0, MAX_LABEL),
      crashId,
    });
  }
}
