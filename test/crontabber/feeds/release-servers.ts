/** Feeds of releases that answer as the real ones do: the same parameters, the same shapes, the same order. */
import type { Answer, Asked } from './feed-server.ts';

/** What a project says of one of its releases; `day` like 2024-11-20. */
export const release = (version: string, day: string, more = {}) => ({ version, day, ...more });

/** The newest first, as GitHub and GitLab give them. */
function releasesPage(
  asked: Asked,
  all: readonly ReturnType<typeof release>[],
): readonly ReturnType<typeof release>[] {
  const size = Number(asked.url.searchParams.get('per_page'));
  const page = Number(asked.url.searchParams.get('page'));
  return [...all].sort((a, b) => (a.day < b.day ? 1 : -1)).slice((page - 1) * size, page * size);
}

export interface ReleaseFeed {
  readonly entry: Readonly<Record<string, string>>;
  answer(asked: Asked, all: readonly ReturnType<typeof release>[]): Answer;
  /** That its first page, or all of it, is asked for with a tag. */
  readonly tagged: boolean;
}

/** By the `kind` of the job's settings: servers that answer as the real ones do. */
export const FEEDS: Readonly<Record<string, ReleaseFeed>> = {
  github: {
    entry: { repository: 'fox/fox', product: 'Fox' },
    tagged: true,
    answer: (asked, all) =>
      asked.url.pathname === '/repos/fox/fox/releases'
        ? {
            body: releasesPage(asked, all).map(({ version, day }) => ({
              tag_name: `v${version}`,
              draft: false,
              prerelease: /b/.test(version),
              published_at: `${day}T10:00:00Z`,
            })),
          }
        : { status: 404 },
  },
  gitlab: {
    entry: { project: 'gnome/fox', product: 'Fox' },
    tagged: true,
    answer: (asked, all) =>
      asked.url.pathname === '/api/v4/projects/gnome%2Ffox/releases'
        ? {
            body: releasesPage(asked, all).map(({ version, day }) => ({
              tag_name: `release/${version}`,
              released_at: `${day}T10:00:00.000+02:00`,
              upcoming_release: false,
            })),
          }
        : { status: 404 },
  },
  launchpad: {
    entry: { project: 'fox', product: 'Fox' },
    tagged: false,
    answer({ url, headers }, all) {
      const start = Number(url.searchParams.get('ws.start') ?? 0);
      const size = Number(url.searchParams.get('ws.size'));
      const entries = all
        .slice(start, start + size)
        .map(({ version, day }) => ({ version, date_released: `${day}T00:00:00+00:00` }));
      const next = `http://${headers.host}/fox/releases?ws.size=${size}&ws.start=${start + size}`;
      return {
        body: {
          start,
          total_size: all.length,
          entries,
          ...(start + size < all.length ? { next_collection_link: next } : {}),
        },
      };
    },
  },
  'product-details': {
    entry: { file: 'fox', product: 'Fox' },
    tagged: true,
    answer({ url }, all) {
      const kind = /^\/fox_history_(\w+)_releases\.json$/.exec(url.pathname)?.[1];
      const isOf = (version: string): boolean =>
        /b/.test(version)
          ? kind === 'development'
          : (kind === 'stability') === /\.\d+\./.test(version) && kind !== 'development';
      return kind
        ? { body: Object.fromEntries(all.filter((r) => isOf(r.version)).map((r) => [r.version, r.day])) }
        : { status: 404 };
    },
  },
  json: {
    entry: { product: 'Fox' },
    tagged: true,
    answer: (_, all) => ({
      body: all.map(({ version, day }) => ({
        version,
        released: day,
        ...(/b/.test(version) ? { channel: 'beta' } : {}),
      })),
    }),
  },
};
