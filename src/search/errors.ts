/** A query that is not answered. Act on the code: `invalid` is the caller's mistake, `permission_denied` a hidden field. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: 'invalid' | 'permission_denied';
  /** The fields it is about. */
  readonly fields: readonly string[];

  constructor(code: 'invalid' | 'permission_denied', message: string, fields: readonly string[]) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}
