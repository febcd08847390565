/**
 * Who may see what. Applied above the store, by everything that shows a crash: a filter, column, facet or sort on
 * a hidden field is refused, not ignored, because counts and order give a value away as well as showing it.
 */
import { QueryError } from './errors.ts';
import { fieldsByName } from './field-list.ts';
import type { FieldDefinition } from './fields.ts';
import { refuseUnknown } from './known-fields.ts';
import type { Facet, SearchQuery } from './query.ts';

export type Permission =
  /** Protected fields and annotations, raw JSON. */
  | 'view_protected'
  /** Download dumps: memory of somebody's machine. */
  | 'view_dumps'
  /** Have crashes processed again. */
  | 'reprocess';

export interface Viewer {
  readonly permissions: ReadonlySet<Permission>;
}

/** Anybody. */
export const ANYONE: Viewer = { permissions: new Set() };
/** The operator of the machine. */
export const OWNER: Viewer = { permissions: new Set(['view_protected', 'view_dumps', 'reprocess']) };

export const mayView = (viewer: Viewer, field: FieldDefinition): boolean =>
  field.visibility === 'public' || viewer.permissions.has('view_protected');

/** The fields that a viewer may filter by, show, count and sort by. */
export const visibleTo = (viewer: Viewer, fields: readonly FieldDefinition[]): readonly FieldDefinition[] =>
  fields.filter((field) => mayView(viewer, field));

function* facetFields(facets: readonly Facet[]): Generator<string> {
  for (const facet of facets) {
    yield facet.field;
    yield* facetFields(facet.by ?? []);
  }
}

/** Every field that a query touches, each once. */
export function fieldsOf(query: SearchQuery): readonly string[] {
  return [
    ...new Set([
      ...query.filters.map((f) => f.field),
      ...query.columns,
      ...(query.sort ?? []).map((s) => s.field),
      ...facetFields(query.facets ?? []),
    ]),
  ];
}

/** Throws `QueryError`: `invalid` names fields that do not exist, `permission_denied` those that the viewer may not see. */
export function checkQuery(query: SearchQuery, fields: readonly FieldDefinition[], viewer: Viewer): void {
  checkFields(fieldsOf(query), fields, viewer);
}

/** The same for a list of names, e.g. the columns of an export. */
export function checkFields(
  names: readonly string[],
  fields: readonly FieldDefinition[],
  viewer: Viewer,
): void {
  const known = fieldsByName(fields);
  refuseUnknown(names, known);
  const hidden = names.filter((name) => {
    const field = known.get(name);
    return field !== undefined && !mayView(viewer, field);
  });
  if (hidden.length > 0) {
    throw new QueryError('permission_denied', `no permission to see: ${hidden.join(', ')}`, hidden);
  }
}
