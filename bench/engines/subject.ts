/** An engine under measurement: a store of ours on it, and the vendor's client making the same calls. */
import { randomBytes } from 'node:crypto';
import type { CrashId } from '../../src/model/crash-id.ts';
import {
  bytesOf,
  dumpOf,
  idOn,
  processedCrash,
  rawCrash,
  report,
} from '../../src/storage/conformance/inputs.ts';
import type { CrashStorage } from '../../src/storage/contract.ts';
import type { EngineName } from '../../test/build/engines.ts';

const DAY = '2026-11-21';
const ANNOTATIONS = 40;

/** One of the two that are compared. */
export interface Contender {
  /** Saves a new crash; resolves with what `read` takes. */
  write(): Promise<string>;
  /** Reads it back; resolves with the bytes of the dump, or 1 where the engine keeps none. */
  read(id: string): Promise<number>;
  close(): Promise<void>;
}

/** Text that goes to another process: where the crashes lie. */
export type Place = Readonly<Record<string, string>>;

export interface Subject {
  readonly engine: EngineName;
  /** Whether it keeps dumps. */
  readonly dumps: boolean;
  /** Makes a place of its own on the running server. */
  prepare(): Promise<Place>;
  remove(place: Place): Promise<void>;
  open(place: Place): Promise<CrashStorage<'report.write' | 'raw.read' | 'dumps.read'> | ProcessedStore>;
  bare(place: Place, dump: Buffer): Promise<Contender>;
}

export type ProcessedStore = CrashStorage<'processed.write' | 'processed.read'>;

export const newId = (): CrashId => idOn(DAY);

export const annotations: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: ANNOTATIONS }, (_, i) => [
    `Annotation${i}`,
    randomBytes(10 + (i % 4) * 20).toString('hex'),
  ]),
);

/** About as much JSON as a walked crash of one thread with 200 frames. */
export const processed = (id: CrashId) =>
  processedCrash(id, {
    frames: Array.from({ length: 200 }, (_, frame) => ({
      frame,
      module: 'libxul.so',
      function: `mozilla::dom::Element::Method${frame}(nsIContent*, int)`,
      offset: `0x${(frame * 4096).toString(16)}`,
    })),
  });

/** Raw crash and dump through a store of ours. */
export function reportContender(
  store: CrashStorage<'report.write' | 'raw.read' | 'dumps.read'>,
  dump: Buffer,
): Contender {
  const part = dumpOf('upload_file_minidump', dump);
  return {
    async write() {
      const id = newId();
      await store.saveReport(report(rawCrash(annotations, id), part));
      return id;
    },
    async read(id) {
      await store.readRaw(id as CrashId);
      return (await bytesOf(await store.readDump(id as CrashId, part.name))).length;
    },
    close: () => store.close(),
  };
}

/** Processed crashes through a store of ours that takes nothing else. */
export const processedContender = (store: ProcessedStore): Contender => ({
  async write() {
    const id = newId();
    await store.saveProcessed(rawCrash(annotations, id), processed(id));
    return id;
  },
  async read(id) {
    await store.readProcessed(id as CrashId);
    return 1;
  },
  close: () => store.close(),
});
