/** Raw crashes without a processed one are queued again: lost tasks, and crashes whose queue was down when they came. */
import { throwIfAborted } from '../../lib/abort.ts';
import { DAY_MS, daysBefore, isoDay } from '../../lib/clock.ts';
import { mapConcurrent } from '../../lib/concurrency.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { can, type Store } from '../../storage/contract.ts';
import { daysBetween, idPage } from '../../storage/transfer/ids.ts';
import { defineJob } from '../job.ts';
import { RequeueMarks } from '../tables/requeue-marks.ts';
import { isProcessed, LostCrashes, readersOf } from '../verify/lost-crashes.ts';

const AT_ONCE = 8;
/** Marks of crashes that nobody looks at any more. */
const FORGET_AFTER_DAYS = 30;

/** Tasks that were set aside have their reason, and wait for people: beyond so many they are not told apart. */
const MOST_DEAD = 100_000;

async function deadIds(
  queue: {
    listDead(options?: CallOptions): AsyncIterable<{ readonly task: { readonly crashId: CrashId } | null }>;
  },
  options: CallOptions,
): Promise<ReadonlySet<CrashId>> {
  const ids = new Set<CrashId>();
  for await (const { task } of queue.listDead(options)) {
    if (task) ids.add(task.crashId);
    if (ids.size >= MOST_DEAD) break;
  }
  return ids;
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
    const last = new Date(period.to.getTime() - 1);
    const first = new Date(period.to.getTime() - settings.verify_processed_days * DAY_MS);
    for (const day of daysBetween(isoDay(first), isoDay(last))) {
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
    log.info(lost.counts, 'crashes that were not processed');
  },
});
