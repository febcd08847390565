/** When the server wants no more: https://develop.sentry.dev/sdk/expected-features/rate-limiting/ */

const DEFAULT_PAUSE_MS = 60_000;
/** No answer may silence us for longer. */
const MAX_PAUSE_MS = 3_600_000;

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly rateLimits: string | undefined;
}

function retryAfterMs(text: string, now: Date): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? DEFAULT_PAUSE_MS : date - now.getTime();
}

/** `60:error;transaction:organization, 2700::organization`; no category means all of them. */
function errorLimitMs(header: string): number {
  let longest = 0;
  for (const part of header.split(',')) {
    const [seconds, categories] = part.trim().split(':');
    const names = (categories ?? '').split(';').filter(Boolean);
    if (names.length > 0 && !names.includes('error')) continue;
    longest = Math.max(longest, Number(seconds) * 1000 || 0);
  }
  return longest;
}

/** For how long nothing may be sent after this answer; 0 when at once. */
export function pauseAfter(answer: Answer, now: Date): number {
  const { status, retryAfter, rateLimits } = answer;
  let pause = 0;
  if (rateLimits !== undefined) pause = errorLimitMs(rateLimits);
  else if (status === 429 || (status === 503 && retryAfter !== undefined))
    pause = retryAfter === undefined ? DEFAULT_PAUSE_MS : retryAfterMs(retryAfter, now);
  return Math.max(0, Math.min(pause, MAX_PAUSE_MS));
}
