/** Partitions and indices of the weeks to come are made before their first crash, when nobody waits for them. */
import { throwIfAborted } from '../../lib/abort.ts';
import { isoDay } from '../../lib/clock.ts';
import { Failures } from '../failures.ts';
import { defineJob } from '../job.ts';
import { dayAfter } from '../retention.ts';

export default defineJob({
  name: 'weekly-partitions',
  every: '1d',
  at: '06:00',
  timeoutMs: 3_600_000,
  needs: ['stores', 'settings'],
  async run({ period, signal, log }, { stores, settings }) {
    const failures = new Failures(signal);
    const from = isoDay(period.to);
    const until = dayAfter(from, 7 * settings.weekly_partitions_weeks);
    for (const { name, plan, context } of await stores.targets()) {
      throwIfAborted(signal);
      const { prepare } = plan.backend.upkeep ?? {};
      if (!prepare) continue;
      await failures.catch(name, async () => {
        const made = await prepare(plan.options, context, { from, until, label: plan.label, signal });
        log.info({ store: name, made, until }, 'weeks to come');
      });
    }
    failures.throw();
  },
});
