/** What a store is. One capability, one role; no store has to have them all, and none does nothing silently. */
import type { CrashId } from '../model/crash-id.ts';
import type { ProcessedCrash } from '../model/processed-crash.ts';
import type { CallOptions, Dump, DumpInfo, RawCrash, Report } from '../model/report.ts';
import type { FieldDefinition } from '../search/fields.ts';
import type { Row, ScanRequest, SearchQuery, SearchResult } from '../search/query.ts';
import { StorageError } from './errors.ts';

export interface Roles {
  'report.write': {
    /**
     * Keeps the dumps and the raw crash. When it resolves both survive a power cut; when it rejects,
     * `raw.read` does not find the crash (the raw crash is written last). Saving the same report again
     * is the same as saving it once. Rejects with `invalid` when a dump's bytes are not as many as its `size`.
     */
    saveReport(report: Report, options?: CallOptions): Promise<void>;
  };
  'raw.read': {
    /** Rejects with `not_found`. */
    readRaw(id: CrashId, options?: CallOptions): Promise<RawCrash>;
  };
  'dumps.read': {
    /** Rejects with `not_found` for an unknown crash; a crash without dumps gives an empty list. Sorted by name. */
    listDumps(id: CrashId, options?: CallOptions): Promise<readonly DumpInfo[]>;
    /** Rejects with `not_found`. The handle may be opened any number of times until the crash is removed. */
    readDump(id: CrashId, name: string, options?: CallOptions): Promise<Dump>;
  };
  'processed.write': {
    /** Replaces what an earlier run saved. Gets the raw crash too: an index needs fields of both. */
    saveProcessed(raw: RawCrash, processed: ProcessedCrash, options?: CallOptions): Promise<void>;
  };
  'processed.read': {
    /** Exactly what was saved. Rejects with `not_found`. */
    readProcessed(id: CrashId, options?: CallOptions): Promise<ProcessedCrash>;
  };
  remove: {
    /** Removes everything the store has of the crash; false when there was nothing. */
    remove(id: CrashId, options?: CallOptions): Promise<boolean>;
  };
  list: {
    /** Crashes whose id has this day (UTC, `YYYY-MM-DD`), in no order, none twice. */
    list(day: string, options?: CallOptions): AsyncIterable<CrashId>;
  };
  search: {
    /** Makes fields searchable; safe to run twice and at the same time. */
    applyFields(fields: readonly FieldDefinition[], options?: CallOptions): Promise<void>;
    /** Permissions are applied above the store (`search/permissions.ts`). */
    search(query: SearchQuery, options?: CallOptions): Promise<SearchResult>;
    /** Drops everything of days before `day`; returns the names of what was dropped. */
    dropBefore(day: string, options?: CallOptions): Promise<readonly string[]>;
  };
  scan: {
    /** Every processed crash of a period, each once, whatever is written meanwhile; oldest first. */
    scan(request: ScanRequest, options?: CallOptions): AsyncIterable<Row>;
  };
  /** Bytes under a key (`/`-separated, any text between), not belonging to one crash. */
  blobs: {
    /** Replaces. All or nothing readable. */
    putBlob(key: string, bytes: Dump, options?: CallOptions): Promise<void>;
    /** Rejects with `not_found`. */
    getBlob(key: string, options?: CallOptions): Promise<Dump>;
    hasBlob(key: string, options?: CallOptions): Promise<boolean>;
    removeBlob(key: string, options?: CallOptions): Promise<boolean>;
    /** Keys that start with `prefix`, sorted. */
    listBlobs(prefix: string, options?: CallOptions): AsyncIterable<string>;
  };
}

export type Capability = keyof Roles;

export const CAPABILITIES: readonly Capability[] = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'search',
  'scan',
  'blobs',
];

/** The methods a capability stands for: what the conformance suite checks a declaration against. */
export const METHODS: { readonly [C in Capability]: readonly (keyof Roles[C] & string)[] } = {
  'report.write': ['saveReport'],
  'raw.read': ['readRaw'],
  'dumps.read': ['listDumps', 'readDump'],
  'processed.write': ['saveProcessed'],
  'processed.read': ['readProcessed'],
  remove: ['remove'],
  list: ['list'],
  search: ['applyFields', 'search', 'dropBefore'],
  scan: ['scan'],
  blobs: ['putBlob', 'getBlob', 'hasBlob', 'removeBlob', 'listBlobs'],
};

/** What `health` resolves with: usable now, and what is not as it should be. */
export interface Health {
  /** Names of children that are down while the store as a whole still works. */
  readonly degraded: readonly string[];
}

export const HEALTHY: Health = { degraded: [] };

/** What every store has. */
export interface Store {
  /** Its name in the config, for logs and errors. */
  readonly name: string;
  /** Which backend, container or layer it is, e.g. `fs`. */
  readonly use: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** The stores a container or layer is made of; empty for a leaf. */
  readonly children: readonly Store[];
  /** Resolves when the store can be used now; rejects with a StorageError when not. */
  health(options?: CallOptions): Promise<Health>;
  /**
   * Waits for calls in hand, then lets go. May be called twice. Calls made after it reject with `closed`.
   * A container does not close its children: whoever opened them does.
   */
  close(options?: CallOptions): Promise<void>;
}

type Intersect<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;

/** A store with (at least) these capabilities: `CrashStorage<'raw.read' | 'dumps.read'>`. */
export type CrashStorage<C extends Capability> = Store & Intersect<Roles[C]>;

/** Every method there is: for those who look at `capabilities` themselves before they call. */
export type FullStore = CrashStorage<Capability>;

export function can<C extends Capability>(store: Store, ...wanted: readonly C[]): store is CrashStorage<C> {
  return wanted.every((c) => store.capabilities.has(c));
}

/** For wiring: the store, or an error that says who needs what. */
export function need<C extends Capability>(
  store: Store,
  where: string,
  ...wanted: readonly C[]
): CrashStorage<C> {
  if (can(store, ...wanted)) return store;
  const missing = wanted.filter((c) => !store.capabilities.has(c));
  throw new StorageError('unsupported', store.name, `${where} needs ${missing.join(', ')}`);
}
