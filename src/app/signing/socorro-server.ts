/** Processed crashes of a Socorro-compatible server, through its public API. */
import { printable } from '../../lib/printable.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions } from '../../model/report.ts';
import { SourceError } from './source-error.ts';

export interface ServerSettings {
  /** Sent as `Auth-Token` when not empty. */
  readonly token: string;
  /** Longest time until the whole answer is there. */
  readonly timeoutMs: number;
}

/** The largest processed crashes have some tens of megabytes. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const SHOWN = 120;

const shown = (text: string): string => printable(text.trim()).slice(0, SHOWN);

export class SocorroServer {
  readonly #url: URL;
  readonly #settings: ServerSettings;

  constructor(url: URL, settings: ServerSettings) {
    this.#url = url;
    this.#settings = settings;
  }

  /** Rejects with `SourceError`. */
  async processed(id: CrashId, options: CallOptions = {}): Promise<Partial<ProcessedCrash>> {
    const limit = AbortSignal.timeout(this.#settings.timeoutMs);
    const signal = AbortSignal.any([limit, ...(options.signal ? [options.signal] : [])]);
    try {
      const response = await this.#ask(id, signal);
      const body = await readBody(response);
      this.#check(response, body);
      return parseCrash(body, response.headers.get('content-type') ?? 'no type');
    } catch (cause) {
      if (cause instanceof SourceError || options.signal?.aborted) throw cause;
      const { origin } = this.#url;
      if (limit.aborted)
        throw new SourceError(`${origin} did not answer within ${this.#settings.timeoutMs / 1000} s`, {
          cause,
        });
      throw new SourceError(`${origin} ${connectionFault(cause)}`, { cause });
    }
  }

  page(id: CrashId): string {
    return this.#at(`report/index/${id}`).href;
  }

  #at(path: string): URL {
    const base = new URL(this.#url);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    return new URL(path, base);
  }

  #ask(id: CrashId, signal: AbortSignal): Promise<Response> {
    const url = this.#at('api/ProcessedCrash/');
    url.searchParams.set('crash_id', id);
    const { token } = this.#settings;
    return fetch(url, {
      headers: { accept: 'application/json', ...(token === '' ? {} : { 'auth-token': token }) },
      // Followed to another server, the header with the token would go along.
      redirect: 'manual',
      signal,
    });
  }

  #check({ status, headers }: Response, body: string): void {
    if (status === 200) return;
    const { origin } = this.#url;
    if (status === 404) throw new SourceError('does not have processed crash.');
    if (status === 429) {
      const after = headers.get('retry-after');
      const when = after === null ? '' : `; it asks to wait ${shown(after)} s`;
      throw new SourceError(`${origin} answers 429, too many requests${when}`, { final: true });
    }
    if (status === 401 || status === 403) {
      const remedy =
        this.#settings.token === ''
          ? 'it wants a token: SOCORRO_API_TOKEN'
          : 'it does not take SOCORRO_API_TOKEN';
      throw new SourceError(`${origin} answers ${status}, ${remedy}`);
    }
    const location = headers.get('location');
    if (status >= 300 && status < 400)
      throw new SourceError(
        `${origin} answers ${status}, it leads to ${shown(location ?? 'nowhere')}: set that as SOCORRO_URL`,
      );
    const text = shown(body.startsWith('<') ? 'a page of HTML' : body);
    throw new SourceError(`${origin} answers ${status}${text === '' ? '' : `: ${text}`}`);
  }
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new SourceError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseCrash(body: string, type: string): Partial<ProcessedCrash> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (cause) {
    const what = body.trimStart().startsWith('<')
      ? 'a page of HTML'
      : body === ''
        ? 'empty'
        : 'no whole JSON';
    throw new SourceError(`the answer is ${what} (${shown(type)}, ${body.length} characters)`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new SourceError('the answer is JSON, and no crash');
  if ('error' in parsed)
    throw new SourceError(`the server says: ${shown(String(parsed.error))}`, { final: true });
  return parsed;
}

/** The system's code is the innermost cause; undici's own message is only `fetch failed` or `terminated`. */
function connectionFault(error: unknown): string {
  let code = 'unknown';
  let at: unknown = error;
  while (at instanceof Error) {
    const found = (at as { readonly code?: unknown }).code;
    code = typeof found === 'string' ? found : at.message;
    // Every address of the name was tried.
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  const cut = code === 'UND_ERR_SOCKET' || code === 'terminated' || code === 'ECONNRESET';
  return cut ? `ended its answer half-way (${code})` : `cannot be reached (${shown(code)})`;
}
