/** Reads JSON from other people's services: bounded in time and size, patient with limits and blips, honest about the rest. */
import { AbortedError, isAborted, sleep, throwIfAborted } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';
import { FeedError } from './feed-error.ts';
import { retryAfterMs } from './retry-after.ts';

export interface FeedClientOptions {
  /** The feed's name, for messages. */
  readonly feed: string;
  /** Sent to the origin of the first URL only, and over TLS or to this machine. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of one answer, its body included. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly attempts?: number;
  /** Doubles with every attempt. */
  readonly firstPauseMs?: number;
  /** A server that asks us to stay away for longer is asked at the next run. */
  readonly longestPauseMs?: number;
}

export interface FeedRequest {
  /** Of the answer we have. */
  readonly etag?: string | undefined;
  /** Posted: for services that want their question as a document. */
  readonly json?: unknown;
}

export interface FeedAnswer {
  /** Undefined when it has not changed since the tag. */
  readonly body: unknown;
  readonly etag: string | undefined;
  readonly headers: Headers;
}

const DEFAULTS = {
  timeoutMs: 30_000,
  maxBytes: 32 * 1024 ** 2,
  attempts: 4,
  firstPauseMs: 1000,
  longestPauseMs: 60_000,
};

/** GitHub refuses requests without one. */
const USER_AGENT = 'auxilio-crontabber';
const REDIRECTS = 5;

const isLocal = ({ hostname }: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

export class FeedClient {
  readonly #options: Required<FeedClientOptions>;

  constructor(options: FeedClientOptions) {
    this.#options = { ...DEFAULTS, headers: {}, ...options };
  }

  /**
   * With `etag` the server is asked whether its answer has changed. Rejects with `FeedError`, after as many attempts as
   * it is worth, and with `aborted`.
   */
  async get(url: URL, { signal, ...request }: CallOptions & FeedRequest = {}): Promise<FeedAnswer> {
    const { attempts, firstPauseMs, longestPauseMs } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(signal);
      const failure = await this.#once(url, request, signal);
      if (!(failure instanceof Failure)) return failure;
      const pauseMs = failure.pauseMs ?? firstPauseMs * 2 ** (attempt - 1);
      if (!failure.error.retryable || attempt >= attempts || pauseMs > longestPauseMs) throw failure.error;
      await sleep(pauseMs, { signal });
    }
  }

  async #once(
    url: URL,
    request: FeedRequest,
    signal: AbortSignal | undefined,
  ): Promise<FeedAnswer | Failure> {
    const { timeoutMs } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      const response = await this.#follow(url, request, both);
      if (response.status === 304) return { body: undefined, etag: request.etag, headers: response.headers };
      if (!response.ok) return await this.#refused(url, response);
      return { ...(await this.#json(url, response)), headers: response.headers };
    } catch (cause) {
      if (cause instanceof FeedError) return new Failure(cause);
      if (signal?.aborted) throw new AbortedError('aborted', { cause: signal.reason });
      const why =
        timeout.aborted || isAborted(cause) ? `no whole answer in ${timeoutMs} ms` : reasonOf(cause);
      return new Failure(this.#error('unavailable', url, why, cause));
    }
  }

  /** By hand: what authorises us is nobody else's business. Test: "keeps the token from other origins". */
  async #follow(first: URL, { etag, json }: FeedRequest, signal: AbortSignal): Promise<Response> {
    let url = first;
    for (let hop = 0; hop <= REDIRECTS; hop += 1) {
      const isHome = url.origin === first.origin;
      const secrets = isHome ? this.#secretsFor(url) : {};
      const response = await fetch(url, {
        headers: {
          accept: 'application/json',
          'user-agent': USER_AGENT,
          ...secrets,
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
        redirect: 'manual',
        signal,
      });
      const target = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || target === null) return response;
      await response.body?.cancel();
      url = new URL(target, url);
      if (!/^https?:$/.test(url.protocol))
        throw this.#error('refused', first, `it redirects to ${url.protocol}`);
    }
    throw this.#error('refused', first, `it redirects more than ${REDIRECTS} times`);
  }

  #secretsFor(url: URL): Readonly<Record<string, string>> {
    const { headers } = this.#options;
    if (Object.keys(headers).length === 0 || url.protocol === 'https:' || isLocal(url)) return headers;
    throw this.#error('refused', url, 'a token is not sent without TLS: write https');
  }

  async #refused(url: URL, response: Response): Promise<Failure> {
    await response.body?.cancel();
    const { status, headers } = response;
    const asked = retryAfterMs(headers);
    if (status === 429 || (status === 403 && asked !== undefined)) {
      const when = asked === undefined ? '' : `; again in ${Math.ceil(asked / 1000)} s`;
      return new Failure(this.#error('rate_limited', url, `it answers ${status}${when}`), asked);
    }
    if (status >= 500 || status === 408)
      return new Failure(this.#error('unavailable', url, `it answers ${status}`), asked);
    return new Failure(this.#error('refused', url, `it answers ${status}`));
  }

  async #json(
    url: URL,
    response: Response,
  ): Promise<{ readonly body: unknown; readonly etag: string | undefined }> {
    const { maxBytes } = this.#options;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.length;
      if (bytes > maxBytes)
        throw this.#error('malformed', url, `the answer is longer than ${maxBytes} bytes`);
      parts.push(part);
    }
    try {
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
      return { body, etag: response.headers.get('etag') ?? undefined };
    } catch (cause) {
      // Half an answer of a proxy that gave up looks like this, too, but so does a login page: once more is enough.
      const type = response.headers.get('content-type') ?? 'no type';
      const isJson = /json/.test(type);
      throw this.#error(isJson ? 'unavailable' : 'malformed', url, `the answer is no JSON (${type})`, cause);
    }
  }

  #error(code: FeedError['code'], url: URL, detail: string, cause?: unknown): FeedError {
    return new FeedError(code, this.#options.feed, `${url.origin}${url.pathname}: ${detail}`, { cause });
  }
}

/** What went wrong, and how long the server wants to be left alone. */
class Failure {
  readonly error: FeedError;
  readonly pauseMs: number | undefined;

  constructor(error: FeedError, pauseMs?: number) {
    this.error = error;
    this.pauseMs = pauseMs;
  }
}

/** fetch says "fetch failed"; the cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { readonly cause?: { readonly code?: string; readonly message?: string } };
  return cause?.code ?? cause?.message ?? error.message;
}
