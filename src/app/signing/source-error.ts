/** Why there is no processed crash, in one line that does not name the id. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  /** The next id would fare no better, and asking does harm. */
  readonly final: boolean;

  constructor(message: string, options: ErrorOptions & { readonly final?: boolean } = {}) {
    super(message, options);
    this.final = options.final ?? false;
  }
}
