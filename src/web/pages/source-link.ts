/**
 * Source files as symbols name them: a path, or a name from a version control system as the Socorro family's
 * symbol files have it, `hg:hg.mozilla.org/mozilla-central:widget/nsApp.cpp:8f3e5a1`, which can be linked.
 */
import { SettingsError } from '../../lib/settings.ts';

/** URL templates by `type:host`. */
export type VcsLinks = ReadonlyMap<string, string>;

export interface SourceFile {
  /** What to show. */
  readonly path: string;
  /** Where it can be read; http or https. */
  readonly url?: string | undefined;
}

const PLACEHOLDERS = new Set(['repo', 'revision', 'file', 'line']);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SettingsError('vcs_links is not JSON', { cause });
  }
}

/** Reads the setting; empty text is no links. Throws `SettingsError`: not an object of http(s) templates, or an unknown placeholder. */
export function parseVcsLinks(text: string): VcsLinks {
  const value = text.trim() === '' ? {} : parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SettingsError('vcs_links must be like {"git:github.com": "https://github.com/{repo}/…"}');
  const links = new Map<string, string>();
  for (const [key, template] of Object.entries(value)) {
    if (typeof template !== 'string' || !/^https?:\/\/[^{}]+\//.test(template))
      throw new SettingsError(
        `vcs_links: ${key} must have a URL that starts with http:// or https:// and a host`,
      );
    for (const [, name = ''] of template.matchAll(/\{([^}]*)\}/g)) {
      if (!PLACEHOLDERS.has(name)) throw new SettingsError(`vcs_links: ${key} has an unknown {${name}}`);
    }
    links.set(key, template);
  }
  return links;
}

/** Half a surrogate pair has no encoding; `encodeURIComponent` throws on it. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

const encodePath = (path: string): string => path.split('/').map(encode).join('/');

/** A path segment that a browser would resolve away could lead to another place on the same host. */
const climbs = (path: string): boolean => path.split('/').some((part) => /^\.{1,2}$/.test(part));

export function sourceFile(file: string, line: number | null | undefined, links: VcsLinks): SourceFile {
  const parts = file.split(':');
  const [type = '', root = '', path = '', revision = ''] = parts;
  const slash = root.indexOf('/');
  if (parts.length !== 4 || slash < 1 || path === '') return { path: file };
  const repo = root.slice(slash + 1);
  const template = links.get(`${type}:${root.slice(0, slash)}`);
  if (!template || [repo, path, revision].some((part) => part === '' || climbs(part))) return { path };
  const values: Readonly<Record<string, string>> = {
    repo: encodePath(repo),
    revision: encode(revision),
    file: encodePath(path),
    line: typeof line === 'number' && Number.isSafeInteger(line) ? String(line) : '1',
  };
  const url = template.replace(/\{([^}]*)\}/g, (_, name: string) => values[name] ?? '');
  return /^https?:\/\//.test(url) ? { path, url } : { path };
}

/** A web address in a client's text: http and https only, nothing else becomes a link. */
export function webAddress(text: string): string | undefined {
  if (!/^https?:\/\/\S+$/i.test(text) || text.length > 2048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url.href : undefined;
}
