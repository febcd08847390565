/**
 * Settings of the jobs that come with Auxilio, `JOB_` and the job's name in front: `JOB_CLEANUP_SEARCH_KEEP`. A job whose
 * setting is missing does nothing, and says so.
 */
import type { SettingsSchema } from '../lib/settings.ts';
import './job-formats.ts';

/** A feed of bugs, checked (`feeds/bugs/bug-feeds.ts`) when the job runs; or of releases (`feeds/releases/`). */
export type FeedEntry = Readonly<Record<string, unknown>>;

export interface JobSettings {
  readonly verify_processed_days: number;
  readonly verify_processed_grace: number;
  readonly verify_processed_times: number;
  readonly verify_processed_backlog: number;
  readonly cleanup_search_keep: number | null;
  readonly cleanup_storage_keep: number | null;
  readonly cleanup_storage_stores: readonly string[];
  readonly cleanup_storage_hold: string;
  readonly cleanup_storage_look_back: number;
  readonly cleanup_storage_look_again: number;
  readonly spool_and_store_care_older_than: number;
  readonly spool_and_store_care_drain: readonly string[];
  readonly spool_and_store_care_drain_days: number;
  readonly product_versions_min_crashes: number;
  readonly bugs_feeds: readonly FeedEntry[];
  readonly bugs_tokens: Readonly<Record<string, string>>;
  readonly bugs_look_back: number;
  readonly backup_database_folder: string;
  readonly backup_database_generations: number;
  readonly cleanup_spool_keep: number | null;
  readonly dependency_check_url: string;
  readonly release_feed_feeds: readonly FeedEntry[];
  readonly release_feed_tokens: Readonly<Record<string, string>>;
  readonly featured_versions_count: number;
  readonly featured_versions_seen_within: number;
  readonly weekly_partitions_weeks: number;
  readonly queue_alerts_limits: Readonly<Record<string, number>>;
}

const DAY_MS = 86_400_000;

const verifyProcessed: SettingsSchema<
  Pick<
    JobSettings,
    'verify_processed_days' | 'verify_processed_grace' | 'verify_processed_times' | 'verify_processed_backlog'
  >
> = {
  verify_processed_days: {
    doc: 'How many days back raw crashes without a processed one are looked for.',
    format: 'nat',
    default: 2,
  },
  verify_processed_grace: {
    doc: 'A crash received so shortly before the end of the period may still be on its way.',
    format: 'duration',
    default: 3_600_000,
  },
  verify_processed_times: {
    doc: 'How often a crash is queued again before it is given up, and named in the log.',
    format: 'nat',
    default: 3,
  },
  verify_processed_backlog: {
    doc: 'While more tasks than this wait, processors are behind and no crash is taken for lost: the next run looks at the same days.',
    format: 'nat',
    default: 10_000,
  },
};

const cleanup: SettingsSchema<
  Pick<
    JobSettings,
    | 'cleanup_search_keep'
    | 'cleanup_storage_keep'
    | 'cleanup_storage_stores'
    | 'cleanup_storage_hold'
    | 'cleanup_storage_look_back'
    | 'cleanup_storage_look_again'
    | 'cleanup_spool_keep'
  >
> = {
  cleanup_search_keep: {
    doc: 'Crashes are dropped from WEB_SEARCH when they are older, like `26w`; empty keeps them for ever.',
    format: 'retention',
    default: null,
  },
  cleanup_storage_keep: {
    doc: 'Crashes are removed from the stores when they are older, like `180d`; empty keeps them for ever.',
    format: 'retention',
    default: null,
  },
  cleanup_storage_stores: {
    doc: 'The stores that are cleaned together; empty is every configured store that can remove.',
    format: 'list',
    default: [],
  },
  cleanup_storage_hold: {
    doc: 'File of crash ids under legal hold, one a line, `#` for comments. No retention removes them, and no command without `--even-if-held`. While the file cannot be read, or a line is no crash id, nothing is removed.',
    format: String,
    default: '',
  },
  cleanup_storage_look_back: {
    doc: 'How far before the limit the first run looks for old crashes.',
    format: 'duration',
    default: 1095 * DAY_MS,
  },
  cleanup_storage_look_again: {
    doc: 'So far behind what was cleaned already every run looks again: for crashes that came late, or were copied in.',
    format: 'duration',
    default: 7 * DAY_MS,
  },
  cleanup_spool_keep: {
    doc: 'Reports that the store refused for good are removed from the spool when they are older; empty keeps them for ever.',
    format: 'retention',
    default: null,
  },
};

const care: SettingsSchema<
  Pick<
    JobSettings,
    | 'spool_and_store_care_older_than'
    | 'spool_and_store_care_drain'
    | 'spool_and_store_care_drain_days'
    | 'weekly_partitions_weeks'
    | 'queue_alerts_limits'
    | 'backup_database_folder'
    | 'backup_database_generations'
    | 'dependency_check_url'
  >
> = {
  spool_and_store_care_older_than: {
    doc: 'What broken writes left in stores is swept when it is older: a younger one may be a write in hand.',
    format: 'duration',
    default: DAY_MS,
  },
  spool_and_store_care_drain: {
    doc: 'Spare stores whose crashes are taken back to the first one, as `spare->bucket`; a list.',
    format: 'list',
    default: [],
  },
  spool_and_store_care_drain_days: {
    doc: 'How many days back a spare store is drained.',
    format: 'nat',
    default: 30,
  },
  weekly_partitions_weeks: {
    doc: 'For how many weeks to come partitions and indices are made.',
    format: 'nat',
    default: 2,
  },
  queue_alerts_limits: {
    doc: 'Lanes that alert above so many tasks: `standard=10000, priority=500, dead=0`; `dead` is what is set aside. Empty alerts never.',
    format: 'lane-limits',
    default: {},
  },
  backup_database_folder: {
    doc: 'Folder of the copies of the database; empty is `DATA_DIR/backups`.',
    format: String,
    default: '',
  },
  backup_database_generations: {
    doc: 'How many copies are kept; 0 makes none.',
    format: 'nat',
    default: 7,
  },
  dependency_check_url: {
    doc: 'Asked for known holes in the installed packages, in the protocol of OSV: `https://api.osv.dev/v1/querybatch`. Names and versions of packages go there. Empty asks nobody.',
    format: String,
    default: '',
  },
};

const feeds: SettingsSchema<
  Pick<
    JobSettings,
    | 'product_versions_min_crashes'
    | 'bugs_feeds'
    | 'bugs_tokens'
    | 'bugs_look_back'
    | 'release_feed_feeds'
    | 'release_feed_tokens'
    | 'featured_versions_count'
    | 'featured_versions_seen_within'
  >
> = {
  product_versions_min_crashes: {
    doc: 'A version becomes known when so many crashes of one day have it: anybody can send any version.',
    format: 'nat',
    default: 1,
  },
  bugs_feeds: {
    doc: 'Trackers whose bugs name signatures: a JSON list of `{"name","kind","url",…}`, see docs/reference/jobs.md; empty reads none.',
    format: 'feeds',
    default: [],
  },
  bugs_tokens: {
    doc: 'Tokens by the name of the feed, as JSON: `{"mozilla":"…"}`. Without one only public bugs are read, and their titles are shown.',
    format: 'tokens',
    default: {},
    sensitive: true,
  },
  bugs_look_back: {
    doc: 'How far back the first run of a feed reads.',
    format: 'duration',
    default: 365 * DAY_MS,
  },
  release_feed_feeds: {
    doc: 'Where released versions are read: a JSON list of `{"name","kind","url","product",…}`, see docs/reference/jobs.md; empty reads none.',
    format: 'feeds',
    default: [],
  },
  release_feed_tokens: {
    doc: 'Tokens by the name of the feed, as JSON.',
    format: 'tokens',
    default: {},
    sensitive: true,
  },
  featured_versions_count: {
    doc: 'How many versions of each product and channel are featured, newest first.',
    format: 'nat',
    default: 1,
  },
  featured_versions_seen_within: {
    doc: 'Only versions that crashed or were released so recently are featured.',
    format: 'duration',
    default: 180 * DAY_MS,
  },
};

export const jobSettingsSchema: SettingsSchema<JobSettings> = {
  ...verifyProcessed,
  ...cleanup,
  ...care,
  ...feeds,
};
