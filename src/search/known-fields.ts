/** Fields by name, as whoever answers a query knows them. */
import { QueryError } from './errors.ts';

/** Throws `QueryError` `invalid`, which names those that are not known. */
export function refuseUnknown(names: readonly string[], known: { has(name: string): boolean }): void {
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new QueryError('invalid', `unknown field: ${unknown.join(', ')}`, unknown);
}

/** The field of that name. Throws `QueryError` `invalid` when there is none. */
export function knownField<F>(fields: ReadonlyMap<string, F>, name: string): F {
  const field = fields.get(name);
  if (field === undefined) throw new QueryError('invalid', `unknown field: ${name}`, [name]);
  return field;
}
