/** GitHub's API (https://docs.github.com/en/rest), GitHub Enterprise too: a repository, whatever is read of it. */
import { below, type FeedOptions, textKey } from './choose.ts';
import { FeedClient } from './feed-client.ts';
import type { ForgeProject } from './forge.ts';

/** What the key `repository` means. */
export const REPOSITORY = 'owner/name; "url" is https://api.github.com, or https://HOST/api/v3';

/** Throws `SettingsError`. */
export function githubRepository(options: FeedOptions): ForgeProject {
  const { name, url: base, token } = options;
  const repository = textKey(options, 'repository', { pattern: /^[\w.-]+\/[\w.-]+$/ });
  const headers = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return {
    client: new FeedClient({ feed: name, headers, ...options.client }),
    url: (collection) => below(base, `repos/${repository}/${collection}`),
  };
}
