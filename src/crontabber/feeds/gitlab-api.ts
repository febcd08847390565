/** GitLab's API (https://docs.gitlab.com/api/rest/): a project, whatever is read of it. */
import { below, type FeedOptions } from './choose.ts';
import { FeedClient } from './feed-client.ts';
import type { ForgeProject } from './forge.ts';

/** What the key `project` means. */
export const PROJECT = 'group/name, or its number; "url" is https://gitlab.com';

export function gitlabProject(
  { name, url: base, token, client }: FeedOptions,
  project: string,
): ForgeProject {
  const headers: Record<string, string> = token === undefined ? {} : { 'private-token': token };
  return {
    client: new FeedClient({ feed: name, headers, ...client }),
    url: (collection) => below(base, `api/v4/projects/${encodeURIComponent(project)}/${collection}`),
  };
}
