/** Everything in this process's memory: for tests and for trying things out. Nothing survives a restart. */
import { Readable } from 'node:stream';
import { throwIfAborted } from '../../lib/abort.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import type { Capability, CrashStorage, Health } from '../contract.ts';
import { HEALTHY } from '../contract.ts';
import { checkDay } from '../days.ts';
import { copyDump, refuseTwinDumps } from '../dump-bytes.ts';
import { StorageError } from '../errors.ts';

export const MEMORY_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'blobs',
] as const satisfies readonly Capability[];

interface Held {
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** Crashes are kept as JSON text, so that nobody shares an object with the store. */
interface Entry {
  raw?: string;
  dumps: ReadonlyMap<string, Held>;
  processed?: string;
}

export class MemoryStorage implements CrashStorage<(typeof MEMORY_CAPABILITIES)[number]> {
  readonly name: string;
  readonly use = 'memory';
  readonly capabilities: ReadonlySet<Capability> = new Set(MEMORY_CAPABILITIES);
  readonly children = [];
  readonly #gate: CallGate;
  readonly #maxBytes: number;
  readonly #crashes = new Map<CrashId, Entry>();
  readonly #blobs = new Map<string, Held>();
  #bytes = 0;

  constructor(name: string, options: { readonly maxBytes: number }) {
    this.name = name;
    this.#gate = new CallGate(name);
    this.#maxBytes = options.maxBytes;
  }

  saveReport(report: Report, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      refuseTwinDumps(this.name, report.dumps);
      const raw = JSON.stringify(report.raw);
      const dumps = new Map<string, Held>();
      let size = raw.length;
      for (const dump of report.dumps) {
        const held = await this.#hold(dump, size, options);
        dumps.set(dump.name, held);
        size += held.bytes.length;
      }
      throwIfAborted(options?.signal);
      const old = this.#crashes.get(report.raw.id);
      this.#bytes += size - (old ? sizeOf({ ...old, processed: '' }) : 0);
      this.#crashes.set(report.raw.id, { ...old, raw, dumps });
    });
  }

  readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash> {
    return this.#gate.run(options, async () => JSON.parse(this.#text(id, 'raw')) as RawCrash);
  }

  listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]> {
    return this.#gate.run(options, async () => {
      this.#text(id, 'raw');
      const dumps = [...(this.#crashes.get(id)?.dumps ?? [])].map(([name, held]) => infoOf(name, held));
      return dumps.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, async () => {
      const held = this.#crashes.get(id)?.dumps.get(name);
      if (!held) throw this.#notFound(`no such dump of ${id}`);
      return dumpOf(name, held);
    });
  }

  saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      const old = this.#crashes.get(raw.id);
      const text = JSON.stringify(processed);
      this.#reserve(text.length);
      this.#bytes += text.length - (old?.processed?.length ?? 0);
      this.#crashes.set(raw.id, { dumps: new Map(), ...old, processed: text });
    });
  }

  readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash> {
    return this.#gate.run(options, async () => JSON.parse(this.#text(id, 'processed')) as ProcessedCrash);
  }

  remove(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => {
      const entry = this.#crashes.get(id);
      if (entry) this.#bytes -= sizeOf(entry);
      return this.#crashes.delete(id);
    });
  }

  list(day: string, options?: CallOptions): AsyncIterable<CrashId> {
    const crashes = this.#crashes;
    return this.#gate.iterate(options, async function* () {
      checkDay('memory', day);
      for (const id of [...crashes.keys()]) if (dayOf(id) === day) yield id;
    });
  }

  putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void> {
    return this.#gate.run(options, async () => {
      const held = await this.#hold(bytes, 0, options);
      throwIfAborted(options?.signal);
      this.#bytes += held.bytes.length - (this.#blobs.get(key)?.bytes.length ?? 0);
      this.#blobs.set(key, held);
    });
  }

  getBlob(key: string, options?: CallOptions): Promise<Dump> {
    return this.#gate.run(options, async () => {
      const held = this.#blobs.get(key);
      if (!held) throw this.#notFound('no such blob');
      return dumpOf(key, held);
    });
  }

  hasBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => this.#blobs.has(key));
  }

  removeBlob(key: string, options?: CallOptions): Promise<boolean> {
    return this.#gate.run(options, async () => {
      this.#bytes -= this.#blobs.get(key)?.bytes.length ?? 0;
      return this.#blobs.delete(key);
    });
  }

  listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string> {
    const keys = this.#blobs;
    return this.#gate.iterate(options, async function* () {
      yield* [...keys.keys()].filter((key) => key.startsWith(prefix)).sort();
    });
  }

  health(options?: CallOptions): Promise<Health> {
    return this.#gate.run(options, async () => HEALTHY);
  }

  async close(options?: CallOptions): Promise<void> {
    await this.#gate.close(options);
  }

  /** `pending` bytes of the same report are held already. */
  async #hold(dump: Dump, pending: number, options: CallOptions | undefined): Promise<Held> {
    this.#reserve(pending + dump.size);
    const chunks: Buffer[] = [];
    const { sha256 } = await copyDump(this.name, dump, (c) => void chunks.push(Buffer.from(c)), options);
    return { bytes: Buffer.concat(chunks), sha256 };
  }

  #reserve(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes)
      throw new StorageError('full', this.name, `more than max_bytes (${this.#maxBytes})`);
  }

  #text(id: CrashId, part: 'raw' | 'processed'): string {
    const text = this.#crashes.get(id)?.[part];
    if (text === undefined) throw this.#notFound(`no ${part} crash ${id}`);
    return text;
  }

  #notFound(detail: string): StorageError {
    return new StorageError('not_found', this.name, detail);
  }
}

function sizeOf(entry: Entry): number {
  let size = (entry.raw?.length ?? 0) + (entry.processed?.length ?? 0);
  for (const { bytes } of entry.dumps.values()) size += bytes.length;
  return size;
}

const infoOf = (name: string, held: Held): DumpInfo => ({
  name,
  size: held.bytes.length,
  sha256: held.sha256,
});

const dumpOf = (name: string, held: Held): Dump => ({
  ...infoOf(name, held),
  open: async (options) => {
    throwIfAborted(options?.signal);
    return Readable.from(held.bytes.length > 0 ? [held.bytes] : [], { objectMode: false });
  },
});
