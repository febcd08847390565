/** From the entries of a setting to opened feeds: an unknown kind or key is named, with the nearest. */
import { nearest, SettingsError } from '../../lib/settings.ts';
import type { FeedEntry } from '../job-settings.ts';
import type { FeedClientOptions } from './feed-client.ts';

/** An entry with what all of them have. */
export interface FeedOptions {
  /** What the operator wrote it in: `JOB_BUGS_FEEDS`. */
  readonly setting: string;
  readonly name: string;
  readonly url: URL;
  readonly token: string | undefined;
  readonly entry: FeedEntry;
  /** Limits of the client, for tests. */
  readonly client?: Partial<FeedClientOptions> | undefined;
}

export interface FeedKind<T> {
  readonly kind: string;
  /** Keys of the entry besides `name`, `kind` and `url`, with what they mean. */
  readonly keys: Readonly<Record<string, string>>;
  /** Throws `SettingsError`. */
  open(options: FeedOptions): T;
}

export interface FeedSettings {
  readonly setting: string;
  readonly entries: readonly FeedEntry[];
  readonly tokens: Readonly<Record<string, string>>;
  readonly client?: Partial<FeedClientOptions> | undefined;
}

/** Throws `SettingsError`. */
export function openFeeds<T>(
  kinds: readonly FeedKind<T>[],
  { setting, entries, tokens, client }: FeedSettings,
): readonly T[] {
  return entries.map((entry) => {
    const name = String(entry['name']);
    const found = kindOf(kinds, String(entry['kind']), `${setting}: ${name}`);
    const known = ['name', 'kind', 'url', ...Object.keys(found.keys)];
    const unknown = Object.keys(entry).find((key) => !known.includes(key));
    if (unknown !== undefined)
      throw new SettingsError(`${setting}: ${name}: "${unknown}" is none of ${known.join(', ')}`);
    return found.open({
      setting,
      name,
      url: new URL(String(entry['url'])),
      token: tokens[name],
      entry,
      client,
    });
  });
}

function kindOf<T>(kinds: readonly FeedKind<T>[], kind: string, where: string): FeedKind<T> {
  const found = kinds.find((feed) => feed.kind === kind);
  if (found) return found;
  const names = kinds.map((feed) => feed.kind);
  const near = nearest(kind, names);
  throw new SettingsError(
    `${where}: "${kind}" is none of ${names.join(', ')}${near ? `; did you mean ${near}?` : ''}`,
  );
}

/** The text of a key; `fallback` where it may be left out. */
export function textKey(
  { setting, name, entry }: FeedOptions,
  key: string,
  { pattern = /\S/, fallback }: { readonly pattern?: RegExp; readonly fallback?: string } = {},
): string {
  const value = entry[key] ?? fallback;
  if (typeof value === 'string' && (pattern.test(value) || value === fallback)) return value;
  throw new SettingsError(
    `${setting}: ${name}: "${key}" is ${entry[key] === undefined ? 'missing' : 'malformed'}`,
  );
}

/** A service under a path has its addresses below it. */
export function below(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  url.search = '';
  url.hash = '';
  return url;
}
