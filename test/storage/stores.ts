/** Stores to build wirings from: one in memory, and one that fails on purpose. */
import type { FullStore, Store } from '../../src/storage/contract.ts';
import { StorageError, type StorageErrorCode } from '../../src/storage/errors.ts';
import { layerOver, type Method } from '../../src/storage/layers/layer.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';

export const memory = (name = 'memory'): MemoryStorage => new MemoryStorage(name, { maxBytes: 1024 ** 3 });

export interface Switch {
  /** What the next calls fail with; undefined works. */
  code: StorageErrorCode | undefined;
  /** Methods that were called, health among them, failures included. */
  readonly calls: (Method | 'health')[];
  readonly store: FullStore;
  readonly inner: MemoryStorage;
}

/** A memory store with a switch: while `code` is set every call fails with it. */
export function switched(name: string): Switch {
  const inner = memory(name);
  const state: { code: StorageErrorCode | undefined; calls: (Method | 'health')[] } = {
    code: undefined,
    calls: [],
  };
  const fail = (): void => {
    if (state.code) throw new StorageError(state.code, name, 'switched off');
  };
  const store: Store = layerOver(inner, 'switched', {
    async call(call, run) {
      state.calls.push(call.method);
      fail();
      return run();
    },
    async *iterate(call, run) {
      state.calls.push(call.method);
      fail();
      yield* run();
    },
    async health(run) {
      state.calls.push('health');
      fail();
      return run();
    },
  });
  return Object.assign(state, { store: store as FullStore, inner });
}
