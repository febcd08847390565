/** The spool on a local disk; several processes may share one root. */
import { join } from 'node:path';
import { AbortedError, isAborted, raceSignal, sleep, throwIfAborted } from '../lib/abort.ts';
import { listFolder } from '../lib/disk.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions, RawCrash } from '../model/report.ts';
import { type Draft, type FailedReport, type Spool, SpoolError, type SpoolState } from './contract.ts';
import { Digester } from './digest.ts';
import { type CommitParts, SpoolDraft } from './draft.ts';
import { Erasures } from './erasure.ts';
import { spoolMetrics } from './metrics.ts';
import type { DumpRef } from './record.ts';
import { DiskRoom } from './room.ts';
import { FailedFolder, type SetAside } from './set-aside.ts';
import { Tenure, type TenureContext } from './tenure.ts';

/** How often what is done is made durable and its room freed. */
const FLUSH_MS = 250;
const LOOK_MS = 1000;
/** After a commit, the next is expected for so long. */
const BUSY_MS = 50;
/** How long closing waits for moves in hand; they are taken up again by the next process. */
const CLOSE_GRACE_MS = 5000;

type FsSpoolOptions = Omit<TenureContext, 'room' | 'failed' | 'digester' | 'isBusy' | 'onDone'> & {
  /** Called when the disk is not used any more. */
  closeDisk(): Promise<void>;
};

export class FsSpool implements Spool {
  readonly #context: TenureContext;
  readonly #closeDisk: () => Promise<void>;
  readonly #erasures: Erasures;
  readonly #stop = new AbortController();
  readonly #committing = new Set<Promise<void>>();
  #tenure: Tenure;
  #failed = 0;
  #committedAt = Number.NEGATIVE_INFINITY;
  #drained: PromiseWithResolvers<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    context: TenureContext,
    closeDisk: () => Promise<void>,
    erasures: Erasures,
    tenure: Tenure,
  ) {
    this.#context = context;
    this.#closeDisk = closeDisk;
    this.#erasures = erasures;
    this.#tenure = tenure;
  }

  static async open(options: FsSpoolOptions): Promise<FsSpool> {
    const { root, settings, disk } = options;
    await disk.makeFolder(root);
    const room = new DiskRoom(root, settings);
    await room.poll();
    const failed = await FailedFolder.open(join(root, 'failed'), disk);
    const erasures = new Erasures(join(root, 'erase'), disk);
    await erasures.open();
    const onDone = (): void => spool.#onDone();
    const isBusy = (): boolean => spool.#isBusy();
    const context = { ...options, room, failed, digester: new Digester(), isBusy, onDone };
    const spool = new FsSpool(context, options.closeDisk, erasures, await Tenure.begin(context));
    try {
      await spool.#look();
      await spool.#tenure.adopt();
    } catch (error) {
      await spool.close();
      throw error;
    }
    spool.#keeping = spool.#keep();
    return spool;
  }

  begin(): Draft {
    if (this.#stop.signal.aborted) throw new SpoolError('closed', 'closed');
    const tenure = this.#tenure;
    return new SpoolDraft({
      box: tenure.box,
      room: this.#context.room,
      inlineDump: this.#context.settings.inline_dump,
      commit: (raw, parts) => this.#commit(tenure, raw, parts),
    });
  }

  state(): SpoolState {
    const { room } = this.#context;
    const { backlog, waitingFor } = this.#tenure;
    return {
      entries: backlog.count,
      bytes: backlog.bytes,
      oldest: backlog.oldest,
      free: room.free,
      room: room.room,
      failed: this.#failed,
      waitingFor,
    };
  }

  has(id: CrashId): boolean {
    return this.#tenure.backlog.has(id);
  }

  find(id: CrashId): Promise<RawCrash | undefined> {
    return this.#tenure.find(id);
  }

  async remove(id: CrashId, options: CallOptions = {}): Promise<boolean> {
    const here = await this.#tenure.remove(id);
    const aside = await this.#context.failed.remove(id);
    const others = await this.#otherOwners();
    const there = await this.#erasures.ask(id, others, () => this.#otherOwners(), options);
    // Its owner died before he answered: then it may be here by now.
    const adopted = others.size > 0 && (await this.#adoptAndRemove(id));
    if (aside) await this.#look();
    return here || aside || there || adopted;
  }

  async *listFailed(): AsyncGenerator<FailedReport> {
    for await (const { id, reason, failedAt, bytes } of this.#setAside())
      yield { id, reason, failedAt, bytes };
  }

  async retryFailed(
    which: { readonly ids: readonly CrashId[] } | 'all',
    options: CallOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const report of this.#setAside()) {
      throwIfAborted(options.signal);
      if (which !== 'all' && !which.ids.includes(report.id)) continue;
      await this.#retry(report);
      count += 1;
    }
    await this.#look();
    return count;
  }

  async drain(options: CallOptions = {}): Promise<void> {
    if (this.#tenure.backlog.count > 0) {
      this.#drained ??= Promise.withResolvers();
      await raceSignal(this.#drained.promise, options.signal);
    }
    await this.#tenure.flush();
  }

  async health(): Promise<void> {
    if (this.#stop.signal.aborted) throw new SpoolError('closed', 'closed');
    await this.#context.room.poll();
    if (this.#context.room.room === 'full') throw new SpoolError('full', 'the disk is full');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await this.#keeping;
    await Promise.allSettled(this.#committing);
    this.#drained?.reject(new AbortedError('the spool was closed'));
    this.#drained?.promise.catch(() => undefined);
    try {
      await this.#tenure.close(CLOSE_GRACE_MS);
    } finally {
      await this.#context.digester.close();
      await this.#closeDisk();
    }
  }

  async #commit(tenure: Tenure, raw: RawCrash, parts: CommitParts): Promise<void> {
    if (this.#stop.signal.aborted) throw new SpoolError('closed', 'closed');
    const begun = performance.now();
    this.#committedAt = begun;
    const work = this.#commitNow(tenure, raw, parts);
    this.#committing.add(work);
    try {
      await work;
      spoolMetrics.count('spool_commits_total', { result: 'ok' });
      spoolMetrics.observe('spool_commit_seconds', (performance.now() - begun) / 1000);
    } catch (error) {
      const result = error instanceof SpoolError ? error.code : 'internal';
      spoolMetrics.count('spool_commits_total', { result });
      throw error;
    } finally {
      this.#committing.delete(work);
    }
  }

  async #commitNow(tenure: Tenure, raw: RawCrash, parts: CommitParts): Promise<void> {
    if ((await this.#context.room.check()) === 'full') throw new SpoolError('full', 'the disk is full');
    await tenure.commit(raw, parts);
  }

  #setAside(): AsyncGenerator<SetAside> {
    return this.#context.failed.list((file, error) => {
      this.#context.log.error({ err: error, file }, 'spool: a set-aside report cannot be read');
    });
  }

  /** Back into the box, by another name of the same files; durable there before it goes here. */
  async #retry({ id, raw, dumps }: SetAside): Promise<void> {
    const tenure = this.#tenure;
    const refs: DumpRef[] = [];
    const files: string[] = [];
    for (const { name, size, file } of dumps) {
      const linked = await tenure.box.dumps.link(join(this.#context.failed.path, file));
      files.push(linked);
      refs.push({ name, size, place: { file: linked } });
    }
    const durable = tenure.box.dumps.sync(files);
    await this.#commit(tenure, raw, { dumps: refs, inline: [], durable });
    await this.#context.failed.remove(id);
  }

  async #otherOwners(): Promise<ReadonlySet<string>> {
    const names = await listFolder(join(this.#context.root, 'boxes'));
    const owners = names.map((name) => name.split('@')[1]).filter((owner) => owner !== undefined);
    return new Set(owners.filter((owner) => owner !== this.#tenure.lease.owner));
  }

  async #adoptAndRemove(id: CrashId): Promise<boolean> {
    await this.#tenure.adopt();
    return this.#tenure.remove(id);
  }

  #isBusy(): boolean {
    return this.#committing.size > 0 || performance.now() - this.#committedAt < BUSY_MS;
  }

  #onDone(): void {
    if (this.#tenure.backlog.count > 0) return;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Until the spool is closed: frees room, renews the lease, looks after the others. */
  async #keep(): Promise<void> {
    let lookedAt = performance.now();
    let renewedAt = lookedAt;
    const { signal } = this.#stop;
    for (;;) {
      try {
        await sleep(FLUSH_MS, { signal });
        await this.#tenure.flush();
        const now = performance.now();
        if (now - renewedAt > this.#context.settings.lease / 4) {
          renewedAt = now;
          await this.#renew();
        }
        if (now - lookedAt < LOOK_MS) continue;
        lookedAt = now;
        await this.#look();
        await this.#erasures.answer(this.#tenure.lease.owner, (id) => this.#tenure.remove(id));
      } catch (error) {
        if (signal.aborted && isAborted(error)) return;
        this.#context.log.error({ err: error }, 'spool: housekeeping failed and goes on');
      }
    }
  }

  async #renew(): Promise<void> {
    if (await this.#tenure.lease.renew()) return this.#tenure.adopt();
    this.#context.log.error('spool: this process was taken for dead; it begins anew');
    const lost = this.#tenure;
    this.#tenure = await Tenure.begin(this.#context);
    await lost.forsake();
    this.#onDone();
  }

  async #look(): Promise<void> {
    const { room, failed } = this.#context;
    await room.poll();
    this.#failed = await failed.count();
    const { entries, bytes, oldest, free } = this.state();
    const age = oldest === null ? 0 : (this.#context.clock.now().getTime() - Date.parse(oldest)) / 1000;
    spoolMetrics.set('spool_entries', entries);
    spoolMetrics.set('spool_bytes', bytes);
    spoolMetrics.set('spool_oldest_seconds', age);
    spoolMetrics.set('spool_free_bytes', free);
    spoolMetrics.set('spool_failed_reports', this.#failed);
  }
}
