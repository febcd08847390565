/** Settings of the web site, section `web`. */
import { SettingsError, type SettingsSchema } from '../lib/settings.ts';
import { parseVcsLinks } from './pages/source-link.ts';

export interface WebSettings {
  readonly host: string;
  readonly port: number;
  readonly allowed_hosts: readonly string[];
  readonly base_url: string;
  readonly session_lifetime: number;
  readonly link_lifetime: number;
  readonly page_size: number;
  readonly facet_size: number;
  readonly window: number;
  readonly threads_per_page: number;
  readonly modules_per_page: number;
  /** JSON text. */
  readonly vcs_links: string;
}

const DAY = 86_400_000;

const VCS_LINKS = {
  'git:github.com': 'https://github.com/{repo}/blob/{revision}/{file}#L{line}',
  'git:gitlab.com': 'https://gitlab.com/{repo}/-/blob/{revision}/{file}#L{line}',
  'hg:hg.mozilla.org': 'https://hg.mozilla.org/{repo}/annotate/{revision}/{file}#l{line}',
};

export const webSchema: SettingsSchema<WebSettings> = {
  host: { doc: 'Address to listen on', format: String, default: '127.0.0.1' },
  port: { doc: 'Port to listen on; 0 takes any free one', format: 'port', default: 8000 },
  allowed_hosts: {
    doc: 'Host names, with or without port, under which the site may be called; the address it listens on and the host of `base_url` are always among them. Anything else is answered 421, which is what stops DNS rebinding',
    format: 'list',
    default: ['localhost', '127.0.0.1', '[::1]'],
  },
  base_url: {
    doc: 'Address of the site as people see it, e.g. https://crashes.example.org, when it is behind a proxy; empty is http://HOST:PORT. With https the cookies are marked Secure',
    format: String,
    default: '',
  },
  session_lifetime: {
    doc: 'For how long the cookie of a one-time link shows protected data',
    format: 'duration',
    default: 12 * 3_600_000,
  },
  link_lifetime: {
    doc: 'For how long a one-time link can be opened',
    format: 'duration',
    default: 15 * 60_000,
  },
  page_size: { doc: 'Crashes on a page of the home page', format: 'nat', default: 50 },
  facet_size: { doc: 'Signatures counted on the home page', format: 'nat', default: 25 },
  window: { doc: 'Period of the home page unless another is chosen', format: 'duration', default: 7 * DAY },
  threads_per_page: { doc: 'Threads on a page of the threads tab', format: 'nat', default: 100 },
  modules_per_page: { doc: 'Modules on a page of the modules tab', format: 'nat', default: 500 },
  vcs_links: {
    doc: 'JSON: where a source file of a version control system is shown, by `type:host` of its name in the symbols (`git:github.com:owner/repository:src/main.c:revision`). Placeholders {repo} {revision} {file} {line}; http and https only',
    // Not the format `json`: convict takes the dots of a host name for a path.
    format: String,
    default: JSON.stringify(VCS_LINKS),
  },
};

/** What a format cannot check by itself. Throws `SettingsError`. */
export function checkWebSettings(settings: WebSettings): void {
  parseVcsLinks(settings.vcs_links);
  if (settings.base_url === '') return;
  const url = URL.canParse(settings.base_url) ? new URL(settings.base_url) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.pathname !== '/')
    throw new SettingsError('base_url must be like https://crashes.example.org, without a path');
}
