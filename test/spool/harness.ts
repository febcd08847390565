/** Engines that can be told to fail, and reports to send through the spool. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { readAll } from '../../src/lib/streams.ts';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import type { CollectorMetadata, RawCrash, Report } from '../../src/model/report.ts';
import type { CrashTask, Lane } from '../../src/queue/contract.ts';
import type { Spool } from '../../src/spool/contract.ts';
import { type OpenSpoolOptions, openSpool } from '../../src/spool/open.ts';
import { type SpoolSettings, spoolSchema } from '../../src/spool/settings.ts';
import { type Capability, type CrashStorage, HEALTHY } from '../../src/storage/contract.ts';

export interface Kept {
  readonly report: Report;
  readonly dumps: Readonly<Record<string, Buffer>>;
}

/** A store that keeps everything in memory; `fail` is asked before each save and each health check. */
export class FakeStore implements CrashStorage<'report.write'> {
  readonly name = 'fake';
  readonly use = 'fake';
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>(['report.write']);
  readonly children = [];
  readonly kept = new Map<CrashId, Kept>();
  /** How often each was saved. */
  readonly saves = new Map<CrashId, number>();
  calls = 0;
  healthCalls = 0;
  inHand = 0;
  mostInHand = 0;
  fail: (report?: Report) => unknown = () => undefined;
  gate: Promise<void> | undefined;

  async saveReport(report: Report): Promise<void> {
    this.calls += 1;
    this.inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.inHand);
    try {
      await this.gate;
      const error = this.fail(report);
      if (error) throw error;
      const dumps: Record<string, Buffer> = {};
      for (const dump of report.dumps) dumps[dump.name] = await readAll(await dump.open(), 2 ** 30);
      this.kept.set(report.raw.id, { report, dumps });
      this.saves.set(report.raw.id, (this.saves.get(report.raw.id) ?? 0) + 1);
    } finally {
      this.inHand -= 1;
    }
  }

  async health(): Promise<typeof HEALTHY> {
    this.healthCalls += 1;
    const error = this.fail();
    if (error) throw error;
    return HEALTHY;
  }

  async close(): Promise<void> {}
}

export class FakeQueue {
  readonly tasks: CrashId[] = [];
  calls = 0;
  fail: () => unknown = () => undefined;

  async publish(task: CrashTask, _lane: Lane): Promise<void> {
    this.calls += 1;
    const error = this.fail();
    if (error) throw error;
    this.tasks.push(task.crashId);
  }

  async health(): Promise<void> {
    const error = this.fail();
    if (error) throw error;
  }
}

const METADATA: CollectorMetadata = {
  payload: 'multipart',
  compressed: false,
  size: 1000,
  notes: [],
  userAgent: 'test',
  throttleRule: 'accept_everything',
  outcome: 'accepted',
};

export function makeRaw(
  annotations: Readonly<Record<string, string>> = { ProductName: 'Test' },
  metadata: Partial<CollectorMetadata> = {},
  id: CrashId = createCrashId(new Date()),
): RawCrash {
  return Object.freeze({
    id,
    annotations: Object.freeze({ ...annotations }),
    receivedAt: new Date().toISOString(),
    metadata: Object.freeze({ ...METADATA, ...metadata }),
  });
}

export const settingsOf = (settings: Partial<Record<keyof SpoolSettings, unknown>> = {}): SpoolSettings =>
  parseSettings(spoolSchema, { reserve: 0, floor: 0, retry_min: '5ms', retry_max: '40ms', ...settings });

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends one report in 64 KiB chunks. */
export async function send(
  spool: Spool,
  raw: RawCrash = makeRaw(),
  dumps: Readonly<Record<string, Buffer>> = { upload_file_minidump: randomBytes(1000) },
): Promise<RawCrash> {
  const draft = spool.begin();
  try {
    for (const [name, bytes] of Object.entries(dumps)) {
      const sink = draft.addDump(name);
      for (let at = 0; at < bytes.length; at += 65_536) await sink.write(bytes.subarray(at, at + 65_536));
      await sink.finish();
    }
    await draft.commit(raw);
  } catch (error) {
    await draft.abandon();
    throw error;
  }
  return raw;
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'spool-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Bench {
  readonly spool: Spool;
  readonly store: FakeStore;
  readonly queue: FakeQueue;
}

export async function openBench(
  dataDir: string,
  options: Partial<OpenSpoolOptions> & { readonly store?: FakeStore; readonly queue?: FakeQueue } = {},
): Promise<Bench> {
  const store = options.store ?? new FakeStore();
  const queue = options.queue ?? new FakeQueue();
  const spool = await openSpool({
    settings: settingsOf(),
    dataDir,
    log: silentLog,
    ...options,
    store,
    queue,
  });
  return { spool, store, queue };
}
