/** Crashes split over two stores by a condition: what both kinds of primary-and-deferred containers share. */

import { isDeferred, type RawCrash } from '../../model/report.ts';
import type { CallGate } from '../call-gate.ts';
import type { FullStore } from '../contract.ts';
import { StorageError } from '../errors.ts';
import { compilePredicate, type Test } from '../predicate.ts';
import { askInTurn } from './ask.ts';
import type { AllMethods } from './assemble.ts';

/** The setting `when`, in one place for both containers. */
export const whenSetting = {
  doc: 'Condition on the raw crash, as JSON: the crash goes to `deferred` when it holds. Default: what the collector deferred.',
  format: 'json',
  default: null as unknown,
};

/** `label` is what the operator wrote the condition in: `STORE_SPLIT_WHEN`. Throws `SettingsError`. */
export const deferWhen = async (when: unknown, label: string): Promise<Test> =>
  when === null || when === undefined ? isDeferred : compilePredicate(when, label);

/** For both containers' `check`. */
export const checkWhen = async (
  { when }: { readonly when: unknown },
  label: (key: string) => string,
): Promise<void> => {
  await deferWhen(when, label('when'));
};

export interface Split {
  readonly primary: FullStore;
  readonly deferred: FullStore;
  readonly when: Test;
}

export const routeOf = (split: Split, raw: RawCrash): FullStore =>
  split.when(raw) ? split.deferred : split.primary;

/** Reports go to one of the two; reads ask the primary and, on any error, the deferred. */
export const splitReports = (name: string, gate: CallGate, split: Split) => {
  const both = [split.primary, split.deferred];
  return {
    saveReport: (report, o) => gate.run(o, () => routeOf(split, report.raw).saveReport(report, o)),
    readRaw: (id, o) => gate.run(o, () => askInTurn(name, both, (s) => s.readRaw(id, o), o)),
    listDumps: (id, o) => gate.run(o, () => askInTurn(name, both, (s) => s.listDumps(id, o), o)),
    readDump: (id, dump, o) => gate.run(o, () => askInTurn(name, both, (s) => s.readDump(id, dump, o), o)),
  } satisfies Partial<AllMethods>;
};

/** What a container of these never declares. */
export const undeclared = (
  name: string,
): Pick<AllMethods, 'putBlob' | 'getBlob' | 'hasBlob' | 'removeBlob' | 'listBlobs'> => {
  const refuse = (): never => {
    throw new StorageError('unsupported', name, 'it keeps no blobs; name one of its children');
  };
  return { putBlob: refuse, getBlob: refuse, hasBlob: refuse, removeBlob: refuse, listBlobs: refuse };
};
