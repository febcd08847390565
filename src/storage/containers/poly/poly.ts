/**
 * Writes to every child that can, and then reports all failures: one that is down does not keep the others from
 * what they were to get. It reads nothing, except for the search and scan of its only child that has them.
 */
import { CallGate } from '../../call-gate.ts';
import { able, askEvery, healthOfAll, removeEverywhere } from '../../children/ask.ts';
import { type AllMethods, any, assembleStore } from '../../children/assemble.ts';
import { unionOfIds } from '../../children/union.ts';
import type { Capability, CrashStorage, Store } from '../../contract.ts';
import { StorageError } from '../../errors.ts';

const WRITES: readonly Capability[] = ['report.write', 'processed.write', 'remove', 'list'];
const SINGLE = ['search', 'scan'] as const;

export function polyCapabilities(children: readonly ReadonlySet<Capability>[]): Capability[] {
  const single = SINGLE.filter((c) => children.filter((child) => child.has(c)).length === 1);
  return [...any(children).filter((c) => WRITES.includes(c)), ...single];
}

/** The child behind a capability that only one has; never called where that is not so. */
function onlyOne<C extends Capability>(
  name: string,
  children: readonly Store[],
  capability: C,
): CrashStorage<C> {
  const [only] = able(children, capability);
  if (only) return only;
  throw new StorageError('unsupported', name, `no child can ${capability}`);
}

/** The children belong to whoever opened them. */
export function createPoly(name: string, children: readonly Store[]): Store {
  const gate = new CallGate(name);
  const refuse = (): never => {
    throw new StorageError('unsupported', name, 'poly does not read; name one of its children');
  };
  const methods: AllMethods = {
    saveReport: (report, o) =>
      gate.run(o, async () => {
        await askEvery(name, able(children, 'report.write'), (c) => c.saveReport(report, o), o);
      }),
    saveProcessed: (raw, processed, o) =>
      gate.run(o, async () => {
        await askEvery(name, able(children, 'processed.write'), (c) => c.saveProcessed(raw, processed, o), o);
      }),
    remove: (id, o) =>
      gate.run(o, () => removeEverywhere(name, able(children, 'remove'), (c) => c.remove(id, o), o)),
    list: (day, o) => {
      const lists = able(children, 'list').map((c) => () => c.list(day, o));
      return gate.iterate(o, () => unionOfIds(name, lists, o));
    },
    applyFields: (fields, o) => gate.run(o, () => onlyOne(name, children, 'search').applyFields(fields, o)),
    search: (query, o) => gate.run(o, () => onlyOne(name, children, 'search').search(query, o)),
    dropBefore: (day, o) => gate.run(o, () => onlyOne(name, children, 'search').dropBefore(day, o)),
    scan: (request, o) => gate.iterate(o, () => onlyOne(name, children, 'scan').scan(request, o)),
    readRaw: refuse,
    listDumps: refuse,
    readDump: refuse,
    readProcessed: refuse,
    putBlob: refuse,
    getBlob: refuse,
    hasBlob: refuse,
    removeBlob: refuse,
    listBlobs: refuse,
  };
  return assembleStore(
    {
      name,
      use: 'poly',
      children,
      capabilities: polyCapabilities(children.map((c) => c.capabilities)),
      health: (o) => gate.run(o, () => healthOfAll(name, children, o)),
      close: (o) => gate.close(o),
    },
    methods,
  );
}
