/** The searchable fields of one crash, as its page lists them. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import type { FieldDefinition } from '../../search/fields.ts';
import { mayView, type Viewer } from '../../search/permissions.ts';

export interface FieldValue {
  readonly field: FieldDefinition;
  readonly value: unknown;
}

/** What a dotted path leads to; a list on the way is gone through element by element. */
function follow(from: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return from;
  if (Array.isArray(from)) return from.map((one) => follow(one, path)).filter((one) => one !== undefined);
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, key)) return undefined;
  return follow((from as Readonly<Record<string, unknown>>)[key], rest);
}

function lookUp(
  field: FieldDefinition,
  processed: ProcessedCrash | undefined,
  raw: RawCrash | undefined,
): unknown {
  if (field.from === 'processed') return follow(processed, field.path.split('.'));
  if (field.from === 'collector') return follow(raw?.metadata, field.path.split('.'));
  return raw && Object.hasOwn(raw.annotations, field.path) ? raw.annotations[field.path] : undefined;
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);

/** Fields that have a value and that this viewer may see. */
export function fieldValues(
  fields: readonly FieldDefinition[],
  viewer: Viewer,
  processed: ProcessedCrash | undefined,
  raw: RawCrash | undefined,
): readonly FieldValue[] {
  return fields
    .filter((field) => mayView(viewer, field))
    .map((field) => ({ field, value: lookUp(field, processed, raw) }))
    .filter((one) => isSet(one.value));
}

/** How many fields have a value that is hidden. */
export const hiddenCount = (
  fields: readonly FieldDefinition[],
  viewer: Viewer,
  processed: ProcessedCrash | undefined,
  raw: RawCrash | undefined,
): number => fields.filter((f) => !mayView(viewer, f) && isSet(lookUp(f, processed, raw))).length;
