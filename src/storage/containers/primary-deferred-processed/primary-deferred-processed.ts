/** Reports split over two stores as in primary_deferred; processed crashes, and search among them, in a third. */
import { CallGate } from '../../call-gate.ts';
import { able, healthOfAll, removeEverywhere } from '../../children/ask.ts';
import { type AllMethods, assembleStore, common } from '../../children/assemble.ts';
import { splitReports, undeclared } from '../../children/routing.ts';
import { unionOfIds } from '../../children/union.ts';
import type { Capability, FullStore, Store } from '../../contract.ts';
import type { Test } from '../../predicate.ts';

const OF_REPORTS: readonly Capability[] = ['report.write', 'raw.read', 'dumps.read', 'list'];
const OF_PROCESSED: readonly Capability[] = ['processed.write', 'processed.read', 'search', 'scan'];

/** `children`: primary, deferred, processed. */
export function primaryDeferredProcessedCapabilities(
  children: readonly ReadonlySet<Capability>[],
): Capability[] {
  const [primary, deferred, processed] = children;
  if (!primary || !deferred || !processed) return [];
  return [
    ...common([primary, deferred]).filter((c) => OF_REPORTS.includes(c)),
    ...OF_PROCESSED.filter((c) => processed.has(c)),
    ...common(children).filter((c) => c === 'remove'),
  ];
}

/** The children belong to whoever opened them. */
export function createPrimaryDeferredProcessed(
  name: string,
  children: { readonly primary: Store; readonly deferred: Store; readonly processed: Store },
  when: Test,
): Store {
  const gate = new CallGate(name);
  const split = { primary: children.primary as FullStore, deferred: children.deferred as FullStore, when };
  const processed = children.processed as FullStore;
  const all = [split.primary, split.deferred, processed];
  const methods: AllMethods = {
    ...splitReports(name, gate, split),
    ...undeclared(name),
    saveProcessed: (raw, crash, o) => gate.run(o, () => processed.saveProcessed(raw, crash, o)),
    readProcessed: (id, o) => gate.run(o, () => processed.readProcessed(id, o)),
    remove: (id, o) => gate.run(o, () => removeEverywhere(name, all, (s) => s.remove(id, o), o)),
    list: (day, o) => {
      const lists = able(all, 'list').map((s) => () => s.list(day, o));
      return gate.iterate(o, () => unionOfIds(name, lists, o));
    },
    applyFields: (fields, o) => gate.run(o, () => processed.applyFields(fields, o)),
    search: (query, o) => gate.run(o, () => processed.search(query, o)),
    dropBefore: (day, o) => gate.run(o, () => processed.dropBefore(day, o)),
    scan: (request, o) => gate.iterate(o, () => processed.scan(request, o)),
  };
  return assembleStore(
    {
      name,
      use: 'primary_deferred_processed',
      children: all,
      capabilities: primaryDeferredProcessedCapabilities(all.map((s) => s.capabilities)),
      health: (o) => gate.run(o, () => healthOfAll(name, all, o)),
      close: (o) => gate.close(o),
    },
    methods,
  );
}
