/**
 * One definition of each searchable field drives mapping, form, API docs and redaction, so that a protected
 * field cannot leak through the one place somebody forgot.
 */

export type FieldType = 'keyword' | 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'version';

export interface FieldDefinition {
  /** Name in queries, `lower_snake`. */
  readonly name: string;
  readonly type: FieldType;
  /** `collector`: what the collector noted (`RawCrash.metadata`). */
  readonly from: 'raw' | 'processed' | 'collector';
  /**
   * The name of an annotation, or a dotted path inside the processed crash or the collector's notes.
   * A list on the way is gone through element by element.
   */
  readonly path: string;
  /** A list: each element is a value of its own to filters and facets. A hit shows them as an array, none as null. */
  readonly many?: true;
  /** A field is public only when it says so. */
  readonly visibility: 'public' | 'protected';
  readonly doc: string;
}

type Rest = Partial<Pick<FieldDefinition, 'path' | 'from' | 'many'>>;

const define =
  (visibility: FieldDefinition['visibility']) =>
  (name: string, type: FieldType, doc: string, rest: Rest = {}): FieldDefinition => ({
    name,
    type,
    from: 'processed',
    path: name,
    visibility,
    doc,
    ...rest,
  });

/** A field of the processed crash, at the path of its own name unless told otherwise. */
export const publicField = define('public');
export const protectedField = define('protected');
