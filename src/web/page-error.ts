/** A failure that has a page of its own: its text is shown as it stands, so nothing of the inside goes in. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, text: string, options: { readonly cause?: unknown } = {}) {
    super(text, options);
    this.status = status;
    this.title = title;
  }
}

/** Protected data without the cookie. */
export const locked = (why: string): PageError =>
  new PageError(
    403,
    'Protected',
    `${why} Open the one-time link that the service printed when it started, or make another with the command “auxilio link”; then reload this page.`,
  );
