/**
 * The first child that works, for writes and reads alike: the next is asked on any error. It says `not_found` only
 * when every child said so, since one that is down may have the crash.
 */
import { throwIfAborted } from '../../../lib/abort.ts';
import { type Clock, systemClock } from '../../../lib/clock.ts';
import { declareMetrics } from '../../../lib/metrics.ts';
import type { CallOptions } from '../../../model/report.ts';
import type { Row, ScanRequest } from '../../../search/query.ts';
import { CallGate } from '../../call-gate.ts';
import { askEvery, removeEverywhere } from '../../children/ask.ts';
import { type AllMethods, assembleStore, common } from '../../children/assemble.ts';
import { mergeSorted, unionOfIds } from '../../children/union.ts';
import type { Capability, FullStore, Health, Store } from '../../contract.ts';
import { combine } from '../../errors.ts';
import { Breaker } from './breaker.ts';

const metrics = declareMetrics({
  storage_child_down: {
    type: 'gauge',
    help: '1 while a fallback leaves out a child that failed',
    labels: ['store', 'child'],
  },
  storage_fallbacks_total: {
    type: 'counter',
    help: 'Calls that a child of a fallback could not answer and the next one was asked',
    labels: ['store', 'child', 'method'],
  },
});

export interface FallbackSettings {
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  readonly clock?: Clock;
}

interface Child {
  readonly store: FullStore;
  readonly breaker: Breaker;
}

export const fallbackCapabilities = (children: readonly ReadonlySet<Capability>[]): Capability[] =>
  common(children);

class Children {
  readonly #name: string;
  readonly #children: readonly Child[];
  readonly stores: readonly FullStore[];

  constructor(name: string, stores: readonly Store[], settings: FallbackSettings) {
    this.#name = name;
    this.stores = stores as readonly FullStore[];
    const options = { clock: systemClock, ...settings };
    this.#children = this.stores.map((store) => {
      const show = (down: boolean): void =>
        metrics.set('storage_child_down', down ? 1 : 0, { store: name, child: store.name });
      show(false);
      return { store, breaker: new Breaker(options, show) };
    });
  }

  /** A write that every other child refused goes to those in their pause after all: they may be back. */
  write<T>(
    method: string,
    work: (store: FullStore) => Promise<T>,
    options: CallOptions | undefined,
  ): Promise<T> {
    return this.#first(method, work, options, true);
  }

  read<T>(
    method: string,
    work: (store: FullStore) => Promise<T>,
    options: CallOptions | undefined,
  ): Promise<T> {
    return this.#first(method, work, options, false);
  }

  async #first<T>(
    method: string,
    work: (store: FullStore) => Promise<T>,
    options: CallOptions | undefined,
    insist: boolean,
  ): Promise<T> {
    const failures: unknown[] = [];
    const paused: Child[] = [];
    for (const child of this.#children) {
      if (!child.breaker.enter()) {
        paused.push(child);
        if (!insist) failures.push(child.breaker.error);
        continue;
      }
      const result = await this.#try(child, method, work, options, failures);
      if (result) return result.value;
    }
    for (const child of insist ? paused : []) {
      const result = await this.#try(child, method, work, options, failures);
      if (result) return result.value;
    }
    throw combine(this.#name, failures);
  }

  async #try<T>(
    { store, breaker }: Child,
    method: string,
    work: (store: FullStore) => Promise<T>,
    options: CallOptions | undefined,
    failures: unknown[],
  ): Promise<{ readonly value: T } | undefined> {
    try {
      const value = await work(store);
      breaker.succeeded();
      return { value };
    } catch (error) {
      if (options?.signal?.aborted) breaker.released();
      throwIfAborted(options?.signal);
      breaker.failed(error);
      failures.push(error);
      metrics.count('storage_fallbacks_total', { store: this.#name, child: store.name, method });
      return undefined;
    }
  }

  /** One child is enough, also when another does not answer within the caller's time. Whoever answers is up again. */
  async health(options: CallOptions | undefined): Promise<Health> {
    const failures: unknown[] = [];
    const degraded: string[] = [];
    const look = async ({ store, breaker }: Child): Promise<void> => {
      try {
        degraded.push(...(await store.health(options)).degraded);
        breaker.succeeded();
      } catch (error) {
        failures.push(error);
        degraded.push(store.name);
      }
    };
    await Promise.all(this.#children.map(look));
    if (failures.length < this.#children.length) return { degraded: degraded.sort() };
    throwIfAborted(options?.signal);
    throw combine(this.#name, failures);
  }
}

/** The children belong to whoever opened them. */
export function createFallback(name: string, stores: readonly Store[], settings: FallbackSettings): Store {
  const gate = new CallGate(name);
  const children = new Children(name, stores, settings);
  const all = children.stores;
  const methods: AllMethods = {
    ...writing(gate, children),
    ...reading(gate, children),
    remove: (id, o) => gate.run(o, () => removeEverywhere(name, all, (c) => c.remove(id, o), o)),
    removeBlob: (key, o) => gate.run(o, () => removeEverywhere(name, all, (c) => c.removeBlob(key, o), o)),
    list: (day, o) =>
      gate.iterate(o, () =>
        unionOfIds(
          name,
          all.map((c) => () => c.list(day, o)),
          o,
        ),
      ),
    listBlobs: (prefix, o) => gate.iterate(o, () => mergeSorted(all.map((c) => c.listBlobs(prefix, o)))),
    hasBlob: (key, o) =>
      gate.run(o, async () => (await askEvery(name, all, (c) => c.hasBlob(key, o), o)).some(Boolean)),
    applyFields: (fields, o) =>
      gate.run(o, async () => {
        await askEvery(name, all, (c) => c.applyFields(fields, o), o);
      }),
    dropBefore: (day, o) =>
      gate.run(o, async () => [
        ...new Set((await askEvery(name, all, (c) => c.dropBefore(day, o), o)).flat()),
      ]),
  };
  return assembleStore(
    {
      name,
      use: 'fallback',
      children: stores,
      capabilities: fallbackCapabilities(stores.map((s) => s.capabilities)),
      health: (o) => gate.run(o, () => children.health(o)),
      close: (o) => gate.close(o),
    },
    methods,
  );
}

const writing = (gate: CallGate, children: Children) =>
  ({
    saveReport: (report, o) =>
      gate.run(o, () => children.write('saveReport', (c) => c.saveReport(report, o), o)),
    saveProcessed: (raw, processed, o) =>
      gate.run(o, () => children.write('saveProcessed', (c) => c.saveProcessed(raw, processed, o), o)),
    putBlob: (key, bytes, o) =>
      gate.run(o, () => children.write('putBlob', (c) => c.putBlob(key, bytes, o), o)),
  }) satisfies Partial<AllMethods>;

const reading = (gate: CallGate, children: Children) =>
  ({
    readRaw: (id, o) => gate.run(o, () => children.read('readRaw', (c) => c.readRaw(id, o), o)),
    listDumps: (id, o) => gate.run(o, () => children.read('listDumps', (c) => c.listDumps(id, o), o)),
    readDump: (id, dump, o) =>
      gate.run(o, () => children.read('readDump', (c) => c.readDump(id, dump, o), o)),
    readProcessed: (id, o) =>
      gate.run(o, () => children.read('readProcessed', (c) => c.readProcessed(id, o), o)),
    getBlob: (key, o) => gate.run(o, () => children.read('getBlob', (c) => c.getBlob(key, o), o)),
    search: (query, o) => gate.run(o, () => children.read('search', (c) => c.search(query, o), o)),
    scan: (request, o) => gate.iterate(o, () => scanFirst(children, request, o)),
  }) satisfies Partial<AllMethods>;

/** The next child is asked until one has given its first row; after that a failure is the caller's to see. */
async function* scanFirst(
  children: Children,
  request: ScanRequest,
  options: CallOptions | undefined,
): AsyncGenerator<Row, void, undefined> {
  const open = async (store: FullStore) => {
    const rows = store.scan(request, options)[Symbol.asyncIterator]();
    return { rows, first: await rows.next() };
  };
  const { rows, first } = await children.read('scan', open, options);
  try {
    for (let next = first; !next.done; next = await rows.next()) yield next.value;
  } finally {
    await rows.return?.();
  }
}
