/** The jobs that come with Auxilio: the files of `jobs/`. */
import { join } from 'node:path';
import { loadFolder } from '../lib/load-folder.ts';
import type { AnyJob } from './job.ts';
import type { KnownJob } from './job-list.ts';

/** Sorted by name. */
export const loadDefaultJobs = (): Promise<AnyJob[]> => loadFolder<AnyJob>(join(import.meta.dirname, 'jobs'));

export const knownDefaultJobs = async (): Promise<KnownJob[]> =>
  (await loadDefaultJobs()).map((definition) => ({
    definition,
    source: `auxilio/crontabber/jobs/${definition.name}`,
  }));

/** Those that read feeds, and what is made of them; in an order in which each comes after those it needs. */
export const FEED_JOBS = ['release-feed', 'product-versions', 'featured-versions', 'bugs'] as const;

/** What operators of the original call a job. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['weekly-reports-partitions', 'weekly-partitions'],
  ['elasticsearch-cleanup', 'cleanup-search'],
  ['ftpscraper', 'release-feed'],
  ['featured-versions-automatic', 'featured-versions'],
  ['bugzilla-associations', 'bugs'],
  ['product-versions-matview', 'product-versions'],
  ['verifyprocessed', 'verify-processed'],
]);
