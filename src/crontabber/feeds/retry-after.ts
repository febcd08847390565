/** How long a server asks us to stay away. */

/** Milliseconds, by the server's own clock where it tells the time; undefined when it does not ask. */
export function retryAfterMs(headers: Headers): number | undefined {
  const now = Date.parse(headers.get('date') ?? '');
  const asked = headers.get('retry-after')?.trim();
  if (asked) return /^\d+$/.test(asked) ? Number(asked) * 1000 : untilMs(Date.parse(asked), now);
  // GitHub: primary limits come as 403 or 429 without Retry-After
  // (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). GitLab: RateLimit-Reset.
  const left = headers.get('x-ratelimit-remaining') ?? headers.get('ratelimit-remaining');
  const reset = headers.get('x-ratelimit-reset') ?? headers.get('ratelimit-reset');
  return left === '0' && reset ? untilMs(Number(reset) * 1000, now) : undefined;
}

/** Without a Date header nobody knows how far off it is: a minute. */
function untilMs(time: number, now: number): number | undefined {
  if (!Number.isFinite(time)) return undefined;
  return Number.isFinite(now) ? Math.max(0, time - now) : 60_000;
}
