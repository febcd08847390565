/** Crashes signed with old lists, in stores in memory, and what signs them again with new ones. */
import { onTestFinished } from 'vitest';
import type { ProcessedCrash } from '../../../src/model/processed-crash.ts';
import { Resigner } from '../../../src/processor/resign/resigner.ts';
import { defaultRules } from '../../../src/signature/default-rules.ts';
import { SignatureGenerator } from '../../../src/signature/generator.ts';
import { parseLists } from '../../../src/signature/list-folder.ts';
import { rawCrash, report } from '../../../src/storage/conformance/inputs.ts';
import type { Capability, CrashStorage, Store } from '../../../src/storage/contract.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { crashData, newId, processedWith } from '../../app/siglists-site.ts';

export const NOW = '2026-11-22T00:00:00.000Z';
export const AT = new Date(NOW);
const clock = { now: () => new Date(NOW) };

/** With the lists as they were: `wrapper` is a signature. */
export const old = new SignatureGenerator({ lists: await parseLists({}) });
/** With the new lists: `app::run | main` is one. */
export const fresh = new SignatureGenerator({
  lists: await parseLists({ irrelevant: 'wrapper', prefix: 'app::' }),
});

/** It ends with the test. */
export function memory(name: string): MemoryStorage {
  const store = new MemoryStorage(name, { maxBytes: 1024 ** 2 });
  onTestFinished(() => store.close());
  return store;
}

/** The store with some methods replaced, and without some capabilities. */
export const altered = (store: MemoryStorage, methods: object, without: readonly Capability[] = []): Store =>
  new Proxy(store, {
    get(target, key) {
      if (key in methods) return (methods as Record<string | symbol, unknown>)[key];
      if (key === 'capabilities')
        return new Set([...target.capabilities].filter((c) => !without.includes(c)));
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

export const STACK = crashData(['wrapper', 'app::run', 'main']);

/** A crash whose raw crash is in `source`, and which `stores` hold as it was signed with the old lists. */
export async function saved(
  source: MemoryStorage,
  stores: readonly Store[],
  more: object = {},
): Promise<ProcessedCrash> {
  const id = newId();
  const raw = rawCrash({}, id);
  await source.saveReport(report(raw));
  const processed = processedWith(id, STACK, old, more);
  for (const store of stores) await (store as CrashStorage<'processed.write'>).saveProcessed(raw, processed);
  return processed;
}

/** With the new lists. */
export const resigner = (
  source: MemoryStorage,
  destination: Store,
  stale: 'signature' | 'version' = 'signature',
) => new Resigner({ source, destination, generator: fresh, rules: defaultRules, clock, stale });
