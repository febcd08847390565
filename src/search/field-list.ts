/**
 * The fields of a crash that can be searched, by topic. Names and paths are those of Socorro's Super Search and
 * processed crash where it has them. Whatever is not known to be harmless is protected.
 */
import { failureFields } from './definitions/failure.ts';
import { identityFields } from './definitions/identity.ts';
import { personalFields } from './definitions/personal.ts';
import { processingFields } from './definitions/processing.ts';
import { stackFields } from './definitions/stack.ts';
import { systemFields } from './definitions/system.ts';
import { uploadFields } from './definitions/upload.ts';
import type { FieldDefinition } from './fields.ts';

export const FIELDS: readonly FieldDefinition[] = [
  ...identityFields,
  ...systemFields,
  ...stackFields,
  ...failureFields,
  ...processingFields,
  ...uploadFields,
  ...personalFields,
];

/** By name; throws when a name is used twice. */
export function fieldsByName(fields: readonly FieldDefinition[]): ReadonlyMap<string, FieldDefinition> {
  const byName = new Map<string, FieldDefinition>();
  for (const field of fields) {
    if (byName.has(field.name)) throw new Error(`field ${field.name} is defined twice`);
    byName.set(field.name, field);
  }
  return byName;
}

/** What a list of recent crashes shows. */
export const DEFAULT_COLUMNS: readonly string[] = ['uuid', 'date', 'signature', 'product', 'version'];
