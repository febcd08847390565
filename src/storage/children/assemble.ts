/** Containers and layers learn what they can do from the stores below: they get exactly the methods they declare. */
import { CAPABILITIES, type Capability, type FullStore, METHODS, type Store } from '../contract.ts';

/** Every method of every capability. */
export type AllMethods = Omit<FullStore, keyof Store>;

export interface StoreBase extends Omit<Store, 'capabilities'> {
  readonly capabilities: Iterable<Capability>;
}

export function assembleStore(base: StoreBase, methods: AllMethods): Store {
  const wanted = new Set(base.capabilities);
  const capabilities = CAPABILITIES.filter((c) => wanted.has(c));
  const chosen = capabilities.flatMap((c): readonly (keyof AllMethods)[] => METHODS[c]);
  return {
    ...base,
    ...Object.fromEntries(chosen.map((method) => [method, methods[method]])),
    capabilities: new Set(capabilities),
  };
}

/** What every one of the sets has. */
export const common = (sets: readonly ReadonlySet<Capability>[]): Capability[] =>
  CAPABILITIES.filter((c) => sets.length > 0 && sets.every((set) => set.has(c)));

/** What at least one of the sets has. */
export const any = (sets: readonly ReadonlySet<Capability>[]): Capability[] =>
  CAPABILITIES.filter((c) => sets.some((set) => set.has(c)));
