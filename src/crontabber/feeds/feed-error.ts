/** Why a feed could not be read. */

/**
 * `unavailable` and `rate_limited` pass; `refused` (a wrong address or token) and `malformed` (another service than the
 * settings say) need somebody who looks.
 */
export type FeedErrorCode = 'unavailable' | 'rate_limited' | 'refused' | 'malformed';

export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedErrorCode;

  constructor(code: FeedErrorCode, feed: string, detail: string, options: { readonly cause?: unknown } = {}) {
    super(`feed ${feed}: ${detail} [${code}]`, options);
    this.code = code;
  }

  get retryable(): boolean {
    return this.code === 'unavailable' || this.code === 'rate_limited';
  }
}
