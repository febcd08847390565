/** A layer wraps one store and keeps exactly its capabilities: what every layer has in common. */
import type { CallOptions } from '../../model/report.ts';
import { CallGate } from '../call-gate.ts';
import { type AllMethods, assembleStore } from '../children/assemble.ts';
import type { Health, Store } from '../contract.ts';

/** How many arguments come before the options. */
const ARITY: Readonly<Record<keyof AllMethods, number>> = {
  saveReport: 1,
  readRaw: 1,
  listDumps: 1,
  readDump: 2,
  saveProcessed: 2,
  readProcessed: 1,
  remove: 1,
  list: 1,
  applyFields: 1,
  search: 1,
  dropBefore: 1,
  scan: 1,
  putBlob: 2,
  getBlob: 1,
  hasBlob: 1,
  removeBlob: 1,
  listBlobs: 1,
};

const STREAMED: ReadonlySet<string> = new Set(['list', 'scan', 'listBlobs'] satisfies (keyof AllMethods)[]);

export type Method = keyof AllMethods;

/** One call on its way to the wrapped store. */
export interface Call {
  readonly method: Method;
  /** Without the options. */
  readonly args: readonly unknown[];
  readonly options: CallOptions | undefined;
}

export interface LayerHooks {
  /** `run` makes the call, with other arguments or options when given; it may be made again. */
  call(call: Call, run: (changed?: Partial<Call>) => Promise<unknown>): Promise<unknown>;
  /** The same for what is read piece by piece. Default: passes through. */
  iterate?(call: Call, run: () => AsyncIterable<unknown>): AsyncIterable<unknown>;
  /** Default: the wrapped store's health. */
  health?(run: () => Promise<Health>, options: CallOptions | undefined): Promise<Health>;
  /** The store is about to wait for the calls in hand. */
  closing?(): void;
}

type AnyMethod = (...args: readonly unknown[]) => unknown;

/** Has the wrapped store's name, and `layer` as its `use`. The wrapped store belongs to whoever opened it. */
export function layerOver(inner: Store, layer: string, hooks: LayerHooks): Store {
  const gate = new CallGate(inner.name);
  const below = inner as unknown as Readonly<Record<Method, AnyMethod>>;
  const wrap = (method: Method): AnyMethod => {
    const arity = ARITY[method];
    return (...all) => {
      const options = all[arity] as CallOptions | undefined;
      const call: Call = { method, args: all.slice(0, arity), options };
      const run = (changed: Partial<Call> = {}): unknown => {
        const { args, options: o } = { ...call, ...changed };
        return below[method](...args, o);
      };
      if (!STREAMED.has(method))
        return gate.run(options, () => hooks.call(call, (c) => run(c) as Promise<unknown>));
      const source = (): AsyncIterable<unknown> => run() as AsyncIterable<unknown>;
      return gate.iterate(options, () => (hooks.iterate ? hooks.iterate(call, source) : source()));
    };
  };
  const methods = Object.fromEntries((Object.keys(ARITY) as Method[]).map((m) => [m, wrap(m)]));
  return assembleStore(
    {
      name: inner.name,
      use: layer,
      children: [inner],
      capabilities: inner.capabilities,
      health: (o) =>
        gate.run(o, () => (hooks.health ? hooks.health(() => inner.health(o), o) : inner.health(o))),
      close: (o) => {
        hooks.closing?.();
        return gate.close(o);
      },
    },
    methods as unknown as AllMethods,
  );
}
