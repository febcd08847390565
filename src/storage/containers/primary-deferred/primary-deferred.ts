/**
 * Crashes for which a condition holds go to `deferred`, the others to `primary`; reads ask the primary, then the
 * deferred. No search, scan or blobs: neither of the two could answer for both.
 */
import { CallGate } from '../../call-gate.ts';
import { askInTurn, healthOfAll, removeEverywhere } from '../../children/ask.ts';
import { type AllMethods, assembleStore, common } from '../../children/assemble.ts';
import { routeOf, splitReports, undeclared } from '../../children/routing.ts';
import { unionOfIds } from '../../children/union.ts';
import type { Capability, FullStore, Store } from '../../contract.ts';
import { StorageError } from '../../errors.ts';
import type { Test } from '../../predicate.ts';

const NEVER: readonly Capability[] = ['search', 'scan', 'blobs'];

export const primaryDeferredCapabilities = (children: readonly ReadonlySet<Capability>[]): Capability[] =>
  common(children).filter((c) => !NEVER.includes(c));

/** The children belong to whoever opened them. */
export function createPrimaryDeferred(
  name: string,
  children: { readonly primary: Store; readonly deferred: Store },
  when: Test,
): Store {
  const gate = new CallGate(name);
  const split = { primary: children.primary as FullStore, deferred: children.deferred as FullStore, when };
  const both = [split.primary, split.deferred];
  const refuse = (): never => {
    throw new StorageError('unsupported', name, 'primary_deferred does not search; name one of its children');
  };
  const methods: AllMethods = {
    ...splitReports(name, gate, split),
    ...undeclared(name),
    saveProcessed: (raw, processed, o) =>
      gate.run(o, () => routeOf(split, raw).saveProcessed(raw, processed, o)),
    readProcessed: (id, o) => gate.run(o, () => askInTurn(name, both, (s) => s.readProcessed(id, o), o)),
    remove: (id, o) => gate.run(o, () => removeEverywhere(name, both, (s) => s.remove(id, o), o)),
    list: (day, o) =>
      gate.iterate(o, () =>
        unionOfIds(
          name,
          both.map((s) => () => s.list(day, o)),
          o,
        ),
      ),
    applyFields: refuse,
    search: refuse,
    dropBefore: refuse,
    scan: refuse,
  };
  return assembleStore(
    {
      name,
      use: 'primary_deferred',
      children: both,
      capabilities: primaryDeferredCapabilities(both.map((s) => s.capabilities)),
      health: (o) => gate.run(o, () => healthOfAll(name, both, o)),
      close: (o) => gate.close(o),
    },
    methods,
  );
}
