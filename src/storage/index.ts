/** `auxilio/storage`: what a store from outside is written with, and held to. */
export { CallGate, type WrapError } from './call-gate.ts';
export type { OpenedStore, Runner, StorageHarness } from './conformance/harness.ts';
export { dumpOf, processedCrash, rawCrash, report, textDump } from './conformance/inputs.ts';
export { storageSuite } from './conformance/suite.ts';
export {
  CAPABILITIES,
  type Capability,
  type CrashStorage,
  can,
  type FullStore,
  HEALTHY,
  type Health,
  METHODS,
  need,
  type Roles,
  type Store,
} from './contract.ts';
export { checkDay } from './days.ts';
export { type Backend, type BackendDefinition, defineBackend, type OpenContext } from './definition.ts';
export { copyDump, refuseTwinDumps } from './dump-bytes.ts';
export {
  AggregateStorageError,
  codeOf,
  combine,
  StorageError,
  type StorageErrorCode,
  toStorageError,
} from './errors.ts';
export type { Swept, Upkeep, UpkeepOptions } from './upkeep.ts';
