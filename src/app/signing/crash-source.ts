/** Where `signature` finds a processed crash: the stores here, or a server of somebody else. */
import { isAborted } from '../../lib/abort.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { CallOptions } from '../../model/report.ts';
import { type CrashStorage, need } from '../../storage/contract.ts';
import { codeOf, StorageError } from '../../storage/errors.ts';
import type { App } from '../app.ts';
import { CommandError } from '../command.ts';
import { SocorroServer } from './socorro-server.ts';
import { SourceError } from './source-error.ts';

export interface CrashSource {
  /** Rejects with `SourceError`. */
  processed(id: CrashId, options?: CallOptions): Promise<Partial<ProcessedCrash>>;
  /** Address of the crash's page; undefined when nobody knows one. */
  page(id: CrashId): string | undefined;
}

class StoreSource implements CrashSource {
  readonly #store: CrashStorage<'processed.read'>;
  readonly #site: string;

  constructor(store: CrashStorage<'processed.read'>, site: string) {
    this.#store = store;
    this.#site = site;
  }

  async processed(id: CrashId, options: CallOptions = {}): Promise<ProcessedCrash> {
    try {
      return await this.#store.readProcessed(id, options);
    } catch (error) {
      if (isAborted(error) || options.signal?.aborted) throw error;
      if (codeOf(error) === 'not_found')
        throw new SourceError('does not have processed crash.', { cause: error });
      if (!(error instanceof StorageError)) throw error;
      throw new SourceError(error.message, { cause: error });
    }
  }

  page(id: CrashId): string | undefined {
    return this.#site === '' ? undefined : `${this.#site.replace(/\/$/, '')}/report/index/${id}`;
  }
}

function serverUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '')
    throw new CommandError(
      `SOCORRO_URL is like https://crash-stats.mozilla.org, not ${JSON.stringify(text)}`,
    );
  return url;
}

/** `expression` names a store; without one it is the server of `SOCORRO_URL`, or what the web site reads. */
export async function openSource(app: App, expression: unknown): Promise<CrashSource> {
  const { web, socorro } = app.configuration.settings;
  if (typeof expression !== 'string' && socorro.url !== '')
    return new SocorroServer(serverUrl(socorro.url), {
      token: socorro.api_token,
      timeoutMs: socorro.timeout,
    });
  const [text, label] = typeof expression === 'string' ? [expression, '--store'] : [web.source, 'WEB_SOURCE'];
  const store = need(await (await app.stores()).get(text, label), label, 'processed.read');
  return new StoreSource(store, web.base_url);
}
