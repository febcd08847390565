/** What an adapter for releases is: from an entry of JOB_RELEASE_FEED_FEEDS to versions that came out. */
import type { CallOptions } from '../../../model/report.ts';
import type { VersionName } from '../../tables/known-versions.ts';
import type { ReadMarks } from '../../tables/read-marks.ts';
import type { FeedKind } from '../choose.ts';

export interface Release extends VersionName {
  /** When it came out, `YYYY-MM-DD`. */
  readonly day: string;
}

export interface ReleaseSource {
  readonly name: string;
  /**
   * Gives everything that came out since it was last read to `take`, any of it more than once, and remembers how far it
   * came when all of it was kept. Rejects with `FeedError`.
   */
  read(
    marks: ReadMarks,
    take: (releases: readonly Release[]) => Promise<void>,
    options: CallOptions,
  ): Promise<void>;
}

export type ReleaseFeedKind = FeedKind<ReleaseSource>;

/** `v1.2.3`, `release-1.2.3`, `app/1.2.3`: what is in front of the first number is no part of the version. */
export function versionOfTag(tag: string): string | undefined {
  const version = /\d[^/\s]*$/.exec(tag.replace(/^.*[/]/, ''))?.[0];
  return version === undefined || version.length > 100 ? undefined : version;
}
