/** What can go from one store to another, and who can read it back: decided once, before anything moves. */
import { type Capability, can, type FullStore, type Store } from '../contract.ts';
import { StorageError } from '../errors.ts';
import { redactedKeys } from '../layers/redactor.ts';

/** A store that reads back what the target was given: the target itself, or those it is made of. */
export interface Reader {
  readonly store: FullStore;
  /** Fields that layers drop on the way into it. */
  readonly redacted: readonly string[];
}

export interface Route {
  /** Has `list` and `raw.read`. */
  readonly from: FullStore;
  readonly to: FullStore;
  readonly reports: boolean;
  readonly processed: boolean;
  readonly readers: readonly Reader[];
  /** Fields that `from` does not have. */
  readonly redacted: readonly string[];
  /** What is not moved or not compared, and why: lines for the receipt. */
  readonly notes: readonly string[];
}

const refuse = (store: Store, detail: string): never => {
  throw new StorageError('unsupported', store.name, detail);
};

function checkSource(from: Store): void {
  if (!can(from, 'list'))
    refuse(from, 'it cannot list its crashes by day, so that nobody knows which ones it has (no list)');
  if (!can(from, 'raw.read')) refuse(from, 'its raw crashes cannot be read (no raw.read)');
}

const isReadable = (store: Store): boolean => can(store, 'raw.read') || can(store, 'processed.read');

/** Wrapped in the layer that swallows failures: then nobody counts on what it has. */
const isOptional = (store: Store): boolean =>
  store.use === 'optional' || (store.children.length === 1 && store.children.every(isOptional));

function readersOf(store: Store): readonly Reader[] {
  if (isReadable(store)) return [{ store: store as FullStore, redacted: redactedKeys(store) }];
  const below = store.children.filter((child) => !isOptional(child));
  return below.flatMap(readersOf);
}

/** Why some of what takes writes is not compared. */
function uncompared(store: Store): readonly string[] {
  if (isReadable(store)) return [];
  if (store.children.length === 0) return [`${store.name} cannot be read back: it is not compared`];
  return store.children.flatMap((child) =>
    isOptional(child) ? [`${child.name} is optional: it is not compared`] : uncompared(child),
  );
}

const lacks = (store: Store, ...wanted: readonly Capability[]): string =>
  `${store.name} has no ${wanted.filter((c) => !can(store, c)).join(', ')}`;

function notesOf(from: Store, to: Store, reports: boolean, processed: boolean): string[] {
  const notes: string[] = [];
  if (!reports)
    notes.push(
      `processed crashes only: ${can(to, 'report.write') ? lacks(from, 'dumps.read') : lacks(to, 'report.write')}`,
    );
  if (!processed)
    notes.push(
      `reports only: ${can(to, 'processed.write') ? lacks(from, 'processed.read') : lacks(to, 'processed.write')}`,
    );
  return [...notes, ...uncompared(to)];
}

/** For copying and moving. Rejects with `unsupported`, in words, when nothing can go. */
export function planRoute(from: Store, to: Store): Route {
  checkSource(from);
  const reports = can(from, 'raw.read', 'dumps.read') && can(to, 'report.write');
  const processed = can(from, 'processed.read') && can(to, 'processed.write');
  if (!reports && !processed) {
    if (!can(to, 'report.write') && !can(to, 'processed.write'))
      refuse(to, 'it takes neither reports nor processed crashes (no report.write, processed.write)');
    const missing = can(to, 'report.write')
      ? 'dumps (no dumps.read)'
      : 'processed crashes (no processed.read)';
    refuse(from, `${to.name} takes nothing that it has: it cannot read its ${missing}`);
  }
  return {
    from: from as FullStore,
    to: to as FullStore,
    reports,
    processed,
    readers: readersOf(to),
    redacted: redactedKeys(from),
    notes: notesOf(from, to, reports, processed),
  };
}

/** For moving: what cannot be verified in the target is never removed from the source. */
export function planMove(from: Store, to: Store, removes: boolean): Route {
  const route = planRoute(from, to);
  if (!removes) return route;
  if (!can(from, 'remove')) refuse(from, 'crashes cannot be removed from it (no remove)');
  if (route.readers.length === 0)
    refuse(to, 'it cannot be read back, so that nothing could be verified and removed');
  return route;
}

/** For comparing only. Rejects with `unsupported` when the two have nothing in common that can be read. */
export function planComparison(a: Store, b: Store): Route {
  checkSource(a);
  const readers = readersOf(b);
  const reads = (...wanted: readonly Capability[]): boolean =>
    readers.some(({ store }) => can(store, ...wanted));
  const reports = can(a, 'raw.read', 'dumps.read') && reads('raw.read', 'dumps.read');
  const processed = can(a, 'processed.read') && reads('processed.read');
  if (!reports && !processed) refuse(b, `nothing of it can be read that ${a.name} has`);
  const notes = [
    ...(reports ? [] : ['reports are not compared: they cannot be read on both sides']),
    ...(processed ? [] : ['processed crashes are not compared: they cannot be read on both sides']),
    ...uncompared(b),
  ];
  return {
    from: a as FullStore,
    to: b as FullStore,
    reports,
    processed,
    readers,
    redacted: redactedKeys(a),
    notes,
  };
}
