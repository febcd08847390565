/** What a store must bring along to be put through the conformance suite. */
import type { Runner } from '../../lib/conformance-runner.ts';
import type { Capability, FullStore, Store } from '../contract.ts';

export type { Runner } from '../../lib/conformance-runner.ts';

/** A fresh, empty store. */
export interface OpenedStore {
  readonly store: Store;
  /** For a store that cannot read what it writes (poly): one that can, such as its child. Default: `store`. */
  readonly reader?: Store;
  /** Opens the same data once more, after `store` was closed. Absent when nothing survives a close. */
  reopen?(): Promise<Store>;
  /** Names of whatever lies about that belongs to no crash and no blob: temp files, half-written rows. */
  leftovers?(): Promise<readonly string[]>;
  /** Closes what is still open and removes the data. */
  dispose(): Promise<void>;
}

export interface StorageHarness {
  /** The backend's, container's or layer's name. */
  readonly use: string;
  /** When one backend is tested several ways, e.g. `layout=socorro`. */
  readonly variant?: string;
  /** Capabilities that the opened store does not have: their cases are skipped, and a wrong list is a failure. */
  readonly lacks: readonly Capability[];
  /** What `reader` can do where it is not `store`. */
  readonly readerHas?: readonly Capability[];
  /** The server that it runs against, with its version (`Cassandra 5.0.9`); absent for what is embedded. */
  readonly engine?: string | undefined;
  /** Why its engine cannot be had here: then every case is skipped and says so. */
  readonly missing?: string | undefined;
  open(): Promise<OpenedStore>;
  /** True where a 256 MB dump passes through at constant memory; runs the tests tagged `[stream]`. */
  readonly streams?: boolean;
  /** True for a store that counts failed writes and never raises them (`optional`). */
  readonly quietWrites?: boolean;
  /** How many ids the `list` group saves; default 1,500. Lower it only for engines whose writes take long. */
  readonly listed?: number;
  /** Runs the search and scan groups; required of a store that declares one of them. */
  readonly search?: (runner: Runner, title: string, harness: StorageHarness) => void;
}

export interface CaseStores {
  readonly store: FullStore;
  readonly reader: FullStore;
  readonly opened: OpenedStore;
}

export interface CaseOptions {
  /** Capabilities `store` must have. */
  readonly needs: readonly Capability[];
  /** Capabilities `reader` must have. */
  readonly reads?: readonly Capability[];
  /** Another reason to skip, shown in the title. */
  readonly skip?: string | false | undefined;
  readonly timeoutMs?: number;
}

/** Declares one case: skipped with its reason when a capability is missing, else run on a fresh store. */
export type Case = (title: string, options: CaseOptions, body: (stores: CaseStores) => Promise<void>) => void;

export function caseFor(runner: Runner, harness: StorageHarness): Case {
  const lacks = new Set(harness.lacks);
  const readerHas = new Set(harness.readerHas ?? []);
  return (title, options, body) => {
    const missing = [
      ...options.needs.filter((c) => lacks.has(c)),
      ...(options.reads ?? []).filter((c) => (harness.readerHas ? !readerHas.has(c) : lacks.has(c))),
    ];
    const reason = missing.length > 0 ? `no ${[...new Set(missing)].join(', ')}` : options.skip;
    if (reason) {
      runner.it.skip(`${title} (skipped: ${reason})`, async () => undefined);
      return;
    }
    const run = async (): Promise<void> => {
      const opened = await harness.open();
      try {
        const store = opened.store as FullStore;
        await body({ store, reader: (opened.reader as FullStore | undefined) ?? store, opened });
      } finally {
        await opened.dispose();
      }
    };
    runner.it(title, run, options.timeoutMs ?? 60_000);
  };
}
