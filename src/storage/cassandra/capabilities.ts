import type { Capability } from '../contract.ts';

export const CASSANDRA_CAPABILITIES = [
  'report.write',
  'raw.read',
  'dumps.read',
  'processed.write',
  'processed.read',
  'remove',
  'list',
  'blobs',
] as const satisfies readonly Capability[];
