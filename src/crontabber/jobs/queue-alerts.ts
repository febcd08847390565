/** A lane above its limit is told once; the log says when it is below again. */
import type { CallOptions } from '../../model/report.ts';
import { type CrashQueue, LANES } from '../../queue/contract.ts';
import { sayIdle } from '../idle.ts';
import { defineJob } from '../job.ts';
import { AlertMarks } from '../tables/alert-marks.ts';

/** Not counted further than it takes. */
async function deadUpTo(queue: CrashQueue, most: number, options: CallOptions): Promise<number> {
  let count = 0;
  for await (const _ of queue.listDead(options)) {
    count += 1;
    if (count >= most) break;
  }
  return count;
}

export default defineJob({
  name: 'queue-alerts',
  every: '5m',
  timeoutMs: 120_000,
  needs: ['queue', 'database', 'settings', 'alerts'],
  async run({ period, signal, log }, { queue: openQueue, database, settings, alerts }) {
    const limits = settings.queue_alerts_limits;
    if (Object.keys(limits).length === 0) return sayIdle(log, 'queue-alerts', 'JOB_QUEUE_ALERTS_LIMITS');
    const queue = await openQueue();
    const marks = new AlertMarks(database, 'queue-alerts');
    const told = await marks.list({ signal });
    for (const lane of [...LANES, 'dead'] as const) {
      const limit = limits[lane];
      const count =
        limit === undefined
          ? 0
          : lane === 'dead'
            ? await deadUpTo(queue, limit + 1, { signal })
            : await queue.depth(lane, { signal });
      const isAbove = limit !== undefined && count > limit;
      if (isAbove === told.has(lane)) continue;
      if (isAbove) {
        const shown = lane === 'dead' ? `more than ${limit}` : `${count}`;
        alerts.send({
          job: 'queue-alerts',
          text: `queue lane ${lane} has ${shown} tasks, its limit is ${limit}`,
        });
        await marks.set(lane, period.to.toISOString(), { signal });
      } else {
        log.info({ lane, count, limit }, 'the lane is below its limit again');
        await marks.clear(lane, { signal });
      }
    }
  },
});
