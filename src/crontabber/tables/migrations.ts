/**
 * What the jobs know, in the database.
 *
 *     crontabber_product_version  versions that were seen in crashes or released
 *     crontabber_bug              bugs of other people's trackers
 *     crontabber_bug_signature    the signatures that a bug names
 *     crontabber_read             how far feeds, and days, were read
 *     crontabber_alert            what was alerted and has not passed
 *     crontabber_cleanup          up to which day stores were cleaned
 *     crontabber_cleanup_held     crashes that were left because they are under legal hold
 *     crontabber_requeued         crashes that were queued again
 *
 * Times are ISO 8601 text, days `YYYY-MM-DD`.
 */
import type { Migration } from '../../database/migrate.ts';

export const JOB_DATA_MIGRATIONS: readonly Migration[] = [
  {
    name: 'crontabber/data_0001_initial',
    async up(db) {
      await db.schema
        .createTable('crontabber_product_version')
        .addColumn('product', 'text', (c) => c.notNull())
        .addColumn('channel', 'text', (c) => c.notNull())
        .addColumn('version', 'text', (c) => c.notNull())
        .addColumn('first_seen', 'text')
        .addColumn('last_seen', 'text')
        .addColumn('released', 'text')
        .addColumn('featured', 'integer', (c) => c.notNull().defaultTo(0))
        .addPrimaryKeyConstraint('crontabber_product_version_key', ['product', 'channel', 'version'])
        .execute();
      await db.schema
        .createTable('crontabber_bug')
        .addColumn('tracker', 'text', (c) => c.notNull())
        .addColumn('bug', 'text', (c) => c.notNull())
        .addColumn('url', 'text', (c) => c.notNull())
        .addColumn('title', 'text')
        .addColumn('is_open', 'integer', (c) => c.notNull())
        .addColumn('changed_at', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('crontabber_bug_key', ['tracker', 'bug'])
        .execute();
      await db.schema
        .createTable('crontabber_bug_signature')
        .addColumn('signature', 'text', (c) => c.notNull())
        .addColumn('tracker', 'text', (c) => c.notNull())
        .addColumn('bug', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('crontabber_bug_signature_key', ['signature', 'tracker', 'bug'])
        .execute();
      await db.schema
        .createIndex('crontabber_bug_signature_bug')
        .on('crontabber_bug_signature')
        .columns(['tracker', 'bug'])
        .execute();
      await db.schema
        .createTable('crontabber_read')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('since', 'text')
        .addColumn('url', 'text')
        .addColumn('etag', 'text')
        .execute();
    },
  },
  {
    name: 'crontabber/data_0002_marks',
    async up(db) {
      await db.schema
        .createTable('crontabber_alert')
        .addColumn('job', 'text', (c) => c.notNull())
        .addColumn('subject', 'text', (c) => c.notNull())
        .addColumn('since', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('crontabber_alert_key', ['job', 'subject'])
        .execute();
      await db.schema
        .createTable('crontabber_cleanup')
        .addColumn('scope', 'text', (c) => c.primaryKey())
        .addColumn('cleaned_until', 'text', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('crontabber_cleanup_held')
        .addColumn('scope', 'text', (c) => c.notNull())
        .addColumn('crash_id', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('crontabber_cleanup_held_key', ['scope', 'crash_id'])
        .execute();
      await db.schema
        .createTable('crontabber_requeued')
        .addColumn('crash_id', 'text', (c) => c.primaryKey())
        .addColumn('times', 'integer', (c) => c.notNull())
        .addColumn('last_at', 'text', (c) => c.notNull())
        .execute();
    },
  },
];
