/** What may leave the house of a crash: its public fields, by their names in the search, and its public stack. */
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { RawCrash } from '../../model/report.ts';
import { FIELDS } from '../../search/field-list.ts';
import type { FieldDefinition, FieldType } from '../../search/fields.ts';
import { publicStack } from '../../search/redaction.ts';
import { valueIn } from '../../search/values.ts';
import { type JsonSchema, reduceTo, resolved } from './json-schema.ts';

/** The stack walk, which is no field of the search. */
const STACK = 'json_dump';

const publicFields = (fields: readonly FieldDefinition[]): readonly FieldDefinition[] =>
  fields.filter((field) => field.visibility === 'public');

const TYPES: { readonly [T in FieldType]: string } = {
  keyword: 'string',
  text: 'string',
  version: 'string',
  date: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
};

/** Every public field, and the stack. */
export function generatedSchema(fields: readonly FieldDefinition[] = FIELDS): JsonSchema {
  const properties = publicFields(fields).map(({ name, type, many, doc }): [string, JsonSchema] => {
    const one = { type: TYPES[type] };
    return [name, { ...(many ? { type: 'array', items: one } : one), description: doc }];
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'crash_report',
    type: 'object',
    properties: Object.fromEntries([...properties, [STACK, { type: 'object' }]]),
  };
}

export interface SchemaNames {
  /** Names of fields that are not public: the schema is wrong. */
  readonly hidden: readonly string[];
  /** Names that no crash has. */
  readonly unknown: readonly string[];
}

/** What a schema asks for that it cannot have. */
export function refusedNames(schema: JsonSchema, fields: readonly FieldDefinition[] = FIELDS): SchemaNames {
  const names = Object.keys(resolved(schema, schema)?.properties ?? {});
  const byName = new Map(fields.map((field) => [field.name, field.visibility]));
  return {
    hidden: names.filter((name) => byName.get(name) === 'protected'),
    unknown: names.filter((name) => name !== STACK && !byName.has(name)),
  };
}

/** The document of a crash. A value whose type is not the schema's is left out. */
export function telemetryDocument(
  raw: RawCrash,
  processed: ProcessedCrash,
  schema: JsonSchema,
  fields: readonly FieldDefinition[] = FIELDS,
): Readonly<Record<string, unknown>> {
  const values = publicFields(fields)
    .map((field) => [field.name, valueIn(field, raw, processed)] as const)
    .filter(([, value]) => value !== null);
  const stack = processed.json_dump ? [[STACK, publicStack(processed.json_dump)] as const] : [];
  const whole = Object.fromEntries<unknown>([...values, ...stack]);
  return reduceTo(whole, schema, schema) as Readonly<Record<string, unknown>>;
}
