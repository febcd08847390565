/** Raw crashes without a processed one are queued again: lost tasks, and crashes whose queue was down when they came. */
import { throwIfAborted } from '../../lib/abort.ts';
import { daysBefore, isoDay } from '../../lib/clock.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { CrashQueue } from '../../queue/contract.ts';
import { can, type Store } from '../../storage/contract.ts';
import { daysBetween, idPage } from '../../storage/transfer/ids.ts';
import { defineJob, type Period } from '../job.ts';
import { ReadMarks } from '../tables/read-marks.ts';
import { RequeueMarks } from '../tables/requeue-marks.ts';
import { isProcessed, LostCrashes, readersOf } from '../verify/lost-crashes.ts';

const AT_ONCE = 8;
/** Marks of crashes that nobody looks at any more. */
const FORGET_AFTER_DAYS = 30;

/** Tasks that were set aside have their reason, and wait for people: beyond so many they are not told apart. */
const MOST_DEAD = 100_000;

async function deadIds(queue: CrashQueue, options: CallOptions): Promise<ReadonlySet<CrashId>> {
  const ids = new Set<CrashId>();
  for await (const { task } of queue.listDead(options)) {
    if (task) ids.add(task.crashId);
    if (ids.size >= MOST_DEAD) break;
  }
  return ids;
}

/** Days that were left for a later run are looked at as long as crashes can still be queued with some sense. */
const CATCH_UP_DAYS = 30;

async function backlogOf(queue: CrashQueue, options: CallOptions): Promise<number> {
  return (await queue.depth('priority', options)) + (await queue.depth('standard', options));
}

/** The days to look at: those of the setting, and those that earlier runs have left. */
function daysOf(period: Period, days: number, since: string | undefined): readonly string[] {
  const first = isoDay(daysBefore(period.to, days));
  const earliest = isoDay(daysBefore(period.to, CATCH_UP_DAYS));
  const from = since !== undefined && since < first ? (since > earliest ? since : earliest) : first;
  return daysBetween(from, isoDay(new Date(period.to.getTime() - 1)));
}

const cannot = (source: Store, readers: readonly Store[]): string | undefined => {
  if (!can(source, 'list', 'raw.read')) return `${source.name} cannot list its raw crashes by day`;
  return readers.length === 0 ? 'PROCESSOR_DESTINATION cannot be read back' : undefined;
};

export default defineJob({
  name: 'verify-processed',
  every: '1d',
  at: '04:00',
  timeoutMs: 12 * 3_600_000,
  needs: ['stores', 'queue', 'database', 'settings'],
  async run({ period, signal, log }, { stores, queue: openQueue, database, settings }) {
    const source = await stores.source();
    const readers = readersOf(await stores.destination());
    const reason = cannot(source, readers);
    if (reason !== undefined || !can(source, 'list', 'raw.read'))
      return log.warn({ reason }, 'nobody can tell which crashes were not processed');
    const queue = await openQueue();
    const marks = new ReadMarks(database, 'verify-processed', {});
    const { since } = await marks.of('day', { signal });
    const days = daysOf(period, settings.verify_processed_days, since);
    const backlog = await backlogOf(queue, { signal });
    if (backlog > settings.verify_processed_backlog) {
      await marks.save('day', { since: days[0] }, { signal });
      return log.warn({ backlog, since: days[0] }, 'processors are behind: nobody can tell what is lost');
    }
    const lost = new LostCrashes({
      source,
      queue,
      marks: new RequeueMarks(database),
      dead: await deadIds(queue, { signal }),
      period,
      graceMs: settings.verify_processed_grace,
      times: settings.verify_processed_times,
      log,
    });
    for (const day of days) {
      for (let after = '', more = true; more; ) {
        const page = await idPage([source], day, after, { signal });
        await mapConcurrent(page.ids, AT_ONCE, async (id) => {
          throwIfAborted(signal);
          if (!(await isProcessed(id, readers, { signal }))) await lost.take(id, { signal });
        });
        after = page.ids.at(-1) ?? after;
        more = page.more;
      }
    }
    await new RequeueMarks(database).forgetBefore(daysBefore(period.to, FORGET_AFTER_DAYS).toISOString(), {
      signal,
    });
    const next = isoDay(period.to);
    if (since === undefined || next > since) await marks.save('day', { since: next }, { signal });
    log.info(lost.counts, 'crashes that were not processed');
  },
});
