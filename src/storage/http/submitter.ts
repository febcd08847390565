/** Sends reports to one collector. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import type { CallOptions, Report } from '../../model/report.ts';
import { StorageError, type StorageErrorCode } from '../errors.ts';
import { type Answer, checkAnswer, retryAfterMs } from './answer.ts';
import type { Destination } from './destination.ts';
import { reportForm } from './form.ts';
import { Silence } from './silence.ts';

export interface SubmitterSettings {
  readonly token: string;
  readonly gzip: boolean;
  readonly userAgent: string;
  /** Longest silence, while the body is sent and until the answer is there. */
  readonly timeoutMs: number;
}

const MAX_ANSWER = 16 * 1024;
/** A destination that asks for more is asked again sooner. */
const LONGEST_REST_MS = 300_000;

/** Faults of the connection; what else undici and Node raise is an outage, too. */
const CODES: Readonly<Record<string, StorageErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_INVALID_ARG: 'internal',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'internal',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'permission_denied',
  SELF_SIGNED_CERT_IN_CHAIN: 'permission_denied',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'permission_denied',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'permission_denied',
  CERT_HAS_EXPIRED: 'permission_denied',
  ERR_TLS_CERT_ALTNAME_INVALID: 'permission_denied',
};

export class Submitter {
  readonly #store: string;
  readonly #destination: Destination;
  readonly #settings: SubmitterSettings;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  /** What it answered when it asked to be left alone, and until when. */
  #rest: { readonly until: number; readonly error: StorageError } | undefined;

  /** The dispatcher belongs to the caller. */
  constructor(
    store: string,
    destination: Destination,
    settings: SubmitterSettings,
    dispatcher: Dispatcher,
    clock: Clock,
  ) {
    this.#store = store;
    this.#destination = destination;
    this.#settings = settings;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
  }

  get destination(): Destination {
    return this.#destination;
  }

  /** Resolves when the collector answered that it has the report. Rejects with a StorageError. */
  async submit(report: Report, options: CallOptions): Promise<void> {
    this.#checkRest();
    const { token, gzip, userAgent } = this.#settings;
    const keepsId = token !== '';
    await this.#watched(options, async (silence) => {
      const body = reportForm(this.#store, report, keepsId, { signal: silence.signal });
      const plain = Readable.from(silence.watch(body.chunks()), { objectMode: false });
      const { stream, sent } = gzip ? gzipped(plain, silence.signal) : { stream: plain, sent: undefined };
      const headers = {
        'content-type': body.contentType,
        'user-agent': userAgent,
        ...(keepsId ? { authorization: `Bearer ${token}` } : {}),
        ...(gzip ? { 'content-encoding': 'gzip' } : {}),
        ...(gzip || body.length === undefined ? {} : { 'content-length': String(body.length) }),
      };
      try {
        const answer = await this.#request({ method: 'POST', headers, body: stream }, silence);
        this.#noteRest(answer);
        checkAnswer(this.#store, this.#destination.label, answer, keepsId ? report.raw.id : undefined);
      } finally {
        stream.destroy();
        plain.destroy();
        await sent;
      }
    });
  }

  /** Resolves when anything answers there that is not failing. */
  async health(options: CallOptions): Promise<void> {
    await this.#watched(options, async (silence) => {
      const headers = { 'user-agent': this.#settings.userAgent };
      const { status } = await this.#request({ method: 'HEAD', headers }, silence);
      if (status >= 500)
        throw new StorageError('unavailable', this.#store, `${this.#destination.label} answers ${status}`);
    });
  }

  async #watched(options: CallOptions, work: (silence: Silence) => Promise<void>): Promise<void> {
    const silence = new Silence(this.#store, this.#settings.timeoutMs, options.signal);
    try {
      await work(silence);
    } catch (error) {
      // undici rejects with whatever reason the caller gave to his signal.
      if (options.signal?.aborted)
        throw new StorageError('aborted', this.#store, 'aborted', { cause: options.signal.reason });
      throw this.#wrap(silence.reason ?? error);
    } finally {
      silence.end();
    }
  }

  async #request(
    request: Pick<Dispatcher.RequestOptions, 'method' | 'headers'> & { readonly body?: Readable },
    silence: Silence,
  ): Promise<Answer> {
    const { url } = this.#destination;
    const { statusCode, headers, body } = await this.#dispatcher.request({
      ...request,
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      signal: silence.signal,
    });
    silence.heard();
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        silence.heard();
        chunks.push(chunk);
        size += chunk.length;
        if (size >= MAX_ANSWER) break;
      }
    } finally {
      body.destroy();
    }
    const one = (name: string): string | undefined => [headers[name]].flat()[0];
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: statusCode, text, retryAfter: one('retry-after'), location: one('location') };
  }

  #checkRest(): void {
    if (!this.#rest) return;
    const left = this.#rest.until - this.#clock.now().getTime();
    // More is left only when the clock was set back meanwhile.
    if (left > 0 && left <= LONGEST_REST_MS) throw this.#rest.error;
    this.#rest = undefined;
  }

  /** A collector that says when to come back is left alone until then. */
  #noteRest({ status, retryAfter }: Answer): void {
    if (status !== 503 && status !== 429) return;
    const now = this.#clock.now().getTime();
    const wanted = retryAfterMs(retryAfter, now);
    if (wanted === undefined) return;
    const restMs = Math.min(wanted, LONGEST_REST_MS);
    const code = status === 429 ? 'rate_limited' : 'unavailable';
    const detail = `${this.#destination.label} asked to be left alone for ${Math.ceil(restMs / 1000)} s`;
    this.#rest = { until: now + restMs, error: new StorageError(code, this.#store, detail) };
  }

  #wrap(error: unknown): StorageError {
    if (error instanceof StorageError) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    const detail = `${this.#destination.label} cannot be reached: ${message || code}`;
    return new StorageError(CODES[code ?? ''] ?? 'unavailable', this.#store, detail, { cause: error });
  }
}

/** `sent` settles when nothing of the pipeline runs any more; how it ended is seen by the request. */
function gzipped(
  plain: Readable,
  signal: AbortSignal,
): { readonly stream: Readable; readonly sent: Promise<void> } {
  const stream = createGzip();
  const sent = pipeline(plain, stream, { signal }).catch(() => undefined);
  return { stream, sent };
}
