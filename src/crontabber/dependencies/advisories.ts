/** Asks a database of vulnerabilities, in the protocol of OSV (https://google.github.io/osv.dev/post-v1-querybatch/). */
import type { CallOptions } from '../../model/report.ts';
import { FeedClient, type FeedClientOptions } from '../feeds/feed-client.ts';
import { FeedError } from '../feeds/feed-error.ts';
import { idOf, listOf, objectOf } from '../feeds/shape.ts';
import type { InstalledPackage } from './installed-packages.ts';

export interface Advisory extends InstalledPackage {
  /** `GHSA-…`, `CVE-…`. */
  readonly id: string;
}

/** OSV takes 1,000. */
const BATCH = 500;
/** Of one package: answers are paged, and a server that gives pages for ever is none of ours. */
const MOST_PAGES = 100;

interface Question extends InstalledPackage {
  readonly pageToken?: string;
}

const FEED = 'dependency-check';

function readAnswers(body: unknown, asked: readonly Question[]) {
  const results = listOf(objectOf(body, 'the answer')['results'], 'results');
  if (results.length !== asked.length)
    throw new TypeError(`${results.length} results for ${asked.length} questions`);
  const advisories: Advisory[] = [];
  const more: Question[] = [];
  for (const [at, { name, version }] of asked.entries()) {
    const result = objectOf(results[at] ?? {}, 'a result');
    for (const vuln of listOf(result['vulns'] ?? [], 'vulns'))
      advisories.push({ name, version, id: idOf(objectOf(vuln, 'a vuln')['id'], 'id') });
    const token = result['next_page_token'];
    if (typeof token === 'string' && token !== '') more.push({ name, version, pageToken: token });
  }
  return { advisories, more };
}

/** Rejects with `FeedError`: nobody who could not be asked has said that all is well. */
export async function advisoriesFor(
  packages: readonly InstalledPackage[],
  url: string,
  { signal, client: limits }: CallOptions & { readonly client?: Partial<FeedClientOptions> } = {},
): Promise<readonly Advisory[]> {
  if (!URL.canParse(url)) throw new FeedError('refused', FEED, 'JOB_DEPENDENCY_CHECK_URL is no address');
  const client = new FeedClient({ feed: FEED, ...limits });
  const found: Advisory[] = [];
  for (let at = 0; at < packages.length; at += BATCH) {
    let asked: readonly Question[] = packages.slice(at, at + BATCH);
    for (let page = 0; asked.length > 0; page += 1) {
      if (page >= MOST_PAGES)
        throw new FeedError('malformed', FEED, `it gives more than ${MOST_PAGES} pages`);
      const queries = asked.map(({ name, version, pageToken }) => ({
        package: { name, ecosystem: 'npm' },
        version,
        ...(pageToken === undefined ? {} : { page_token: pageToken }),
      }));
      const { body } = await client.get(new URL(url), { signal, json: { queries } });
      const { advisories, more } = answersOf(body, asked);
      found.push(...advisories);
      asked = more;
    }
  }
  return found;
}

function answersOf(body: unknown, asked: readonly Question[]) {
  try {
    return readAnswers(body, asked);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FeedError('malformed', FEED, `the answer is not what OSV says: ${why}`, { cause });
  }
}
