/** Cuts a value down to what a JSON Schema describes. Pure. */

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly [keyword: string]: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSchema = (value: unknown): value is JsonSchema => isObject(value);

/** A reference to a reference is followed so often; a circle is then a schema that describes nothing. */
const MOST_REFERENCES = 16;

/** The schema behind a reference into the same file (`#/definitions/frame`); undefined when it leads nowhere. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  let at: unknown = schema;
  for (let i = 0; i < MOST_REFERENCES; i += 1) {
    if (!isSchema(at)) return undefined;
    if (at.$ref === undefined) return at;
    if (!at.$ref.startsWith('#/')) return undefined;
    const path = at.$ref.slice(2).split('/');
    at = path.reduce<unknown>((value, key) => (isObject(value) ? value[unescaped(key)] : undefined), root);
  }
  return undefined;
}

/** RFC 6901. */
const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

const NUMERIC = /^-?\d+(\.\d+)?$/;

/** The value as one of these types; undefined when it is none of them. Numbers and their text stand for each other. */
function typed(value: unknown, types: readonly string[]): unknown {
  if (types.some((type) => hasType(value, type))) return value;
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean'))
    return String(value);
  const number = typeof value === 'string' && NUMERIC.test(value) ? Number(value) : undefined;
  return types.some((type) => number !== undefined && hasType(number, type)) ? number : undefined;
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** The part of `value` that the schema describes; undefined when it is of another type than the schema says. */
export function reduceTo(value: unknown, schema: JsonSchema, root: JsonSchema): unknown {
  const found = resolved(schema, root);
  if (!found) return undefined;
  const types = found.type === undefined ? undefined : [found.type].flat();
  const fit = types === undefined ? value : typed(value, types);
  if (isObject(fit) && found.properties !== undefined) return reduceObject(fit, found.properties, root);
  if (Array.isArray(fit) && found.items !== undefined) {
    const { items } = found;
    return fit.map((element) => reduceTo(element, items, root)).filter((element) => element !== undefined);
  }
  return fit;
}

function reduceObject(
  value: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, JsonSchema>>,
  root: JsonSchema,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(properties)
    .filter(([key]) => Object.hasOwn(value, key))
    .map(([key, schema]) => [key, reduceTo(value[key], schema, root)] as const)
    .filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries);
}
