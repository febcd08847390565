/** A symbol server: Tecken, or any web server over a folder of `NAME/DEBUGID/NAME.sym`. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { SettingsError } from '../../lib/settings.ts';
import { type SymbolKey, symbolUrlPath } from '../symbol-file.ts';
import { type Fetched, type SymbolSource, SymbolSourceError } from './source.ts';

export interface HttpSourceOptions {
  /** http or https; a user and password in it become basic authorization. */
  readonly url: string;
  /** Connections to this server. */
  readonly concurrency: number;
  /** Until the headers are there, and between two chunks. */
  readonly timeoutMs: number;
}

/** Tecken redirects to its bucket; more than a few hops is a loop. */
const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * 404 and 410 say that there is no such file. So does 403: buckets that may not be listed answer it for every key
 * they do not have. 400, 414: the name is nothing this server could have.
 */
const MISSING = new Set([400, 401, 403, 404, 410, 414]);

interface Server {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

function parseServer(text: string): Server {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new SettingsError(`SYMBOL_URLS: ${text} is not a URL; write https://symbols.example/path`, {
      cause,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new SettingsError(`symbol servers are http or https, not ${url.protocol}`);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const headers: Record<string, string> = { 'accept-encoding': 'gzip, br', 'user-agent': 'auxilio' };
  if (user || password)
    headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, headers };
}

function unpack(body: Readable, encoding: string): Readable {
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : undefined;
  if (!decoder) return body;
  // Its error reaches the reader through the decoder, which the pipeline destroys.
  return pipeline(body, decoder, () => undefined);
}

/** Opens nothing until the first file is asked for. Throws `SettingsError` for a URL that is none. */
export function httpSource(options: HttpSourceOptions): SymbolSource {
  const server = parseServer(options.url);
  const agent = new Agent({
    connections: options.concurrency,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  });
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));

  async function get(url: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await request(url, { dispatcher, headers: { ...server.headers }, signal });
    } catch (cause) {
      throw new SymbolSourceError(`${server.base} did not answer`, { cause });
    }
  }

  return {
    name: server.base,
    async fetch(key: SymbolKey, { signal }): Promise<Fetched> {
      const url = `${server.base}/${symbolUrlPath(key)}`;
      const { statusCode, headers, body } = await get(url, signal);
      if (statusCode === 200) {
        const encoding = String(headers['content-encoding'] ?? '').toLowerCase();
        return { found: true, stream: unpack(body, encoding), url };
      }
      await body.dump({ limit: 64 * 1024 });
      if (MISSING.has(statusCode)) return { found: false };
      throw new SymbolSourceError(`${server.base} answered ${statusCode}`);
    },
    close: () => agent.destroy(),
  };
}
