/** Which bugs of which trackers name which signatures. */
import { Failures } from '../failures.ts';
import { BUG_FEEDS } from '../feeds/bugs/kinds.ts';
import { readChanges } from '../feeds/changes.ts';
import { openFeeds } from '../feeds/choose.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { Bugs } from '../tables/bugs.ts';
import { forgetOtherMarks, ReadMarks } from '../tables/read-marks.ts';

export default defineJob({
  name: 'bugs',
  every: '1h',
  timeoutMs: 3_000_000,
  needs: ['database', 'settings'],
  async run({ period, signal, log }, { database, settings }) {
    const entries = settings.bugs_feeds;
    if (entries.length === 0) return sayIdle(log, 'bugs', 'JOB_BUGS_FEEDS');
    const sources = openFeeds(BUG_FEEDS, {
      setting: 'JOB_BUGS_FEEDS',
      entries,
      tokens: settings.bugs_tokens,
    });
    const bugs = new Bugs(database);
    const forgotten = await bugs.forgetAllBut(
      sources.map(({ name }) => name),
      { signal },
    );
    if (forgotten > 0) log.info({ forgotten }, 'bugs of trackers that are not configured any more');
    await forgetOtherMarks(database, 'bugs', entries, { signal });
    const begin = new Date(period.to.getTime() - settings.bugs_look_back).toISOString();
    const failures = new Failures(signal);
    for (const [at, source] of sources.entries()) {
      const marks = new ReadMarks(database, 'bugs', entries[at] ?? {});
      await failures.catch(source.name, async () => {
        // Another address under the same name is another tracker, whose numbers mean other bugs.
        if (!(await marks.isKnown(source.name, { signal }))) await bugs.forget(source.name, { signal });
        const read = await readChanges(source, marks, { begin, signal }, (changes) =>
          bugs.save(changes, { signal }),
        );
        log.info({ feed: source.name, bugs: read }, 'changed bugs read');
      });
    }
    failures.throw();
  },
});
