/** What broken writes left is swept, and spare stores are drained: `auxilio store sweep` and `store drain` by themselves. */
import { daysBefore, isoDay } from '../../lib/clock.ts';
import { SettingsError } from '../../lib/settings.ts';
import { AlreadyRunningError } from '../../storage/transfer/sole-run.ts';
import { Failures } from '../failures.ts';
import { defineJob } from '../job.ts';

const DRAIN = /^([a-z0-9]+)\s*->\s*([a-z0-9]+)$/;

/** `spare->bucket`. Throws `SettingsError`. */
export function drainPair(text: string): readonly [spare: string, first: string] {
  const [, spare, first] = DRAIN.exec(text) ?? [];
  if (spare !== undefined && first !== undefined && spare !== first) return [spare, first];
  throw new SettingsError(
    `JOB_SPOOL_AND_STORE_CARE_DRAIN: ${text} is no pair of stores; write spare->bucket`,
  );
}

export default defineJob({
  name: 'spool-and-store-care',
  every: '1d',
  at: '05:00',
  timeoutMs: 12 * 3_600_000,
  needs: ['stores', 'transfers', 'settings'],
  async run({ period, signal, log }, { stores, transfers, settings }) {
    const pairs = settings.spool_and_store_care_drain.map(drainPair);
    const failures = new Failures(signal);
    for (const { name, plan, context } of await stores.targets()) {
      const { sweep } = plan.backend.upkeep ?? {};
      if (!sweep) continue;
      await failures.catch(name, async () => {
        const olderThanMs = settings.spool_and_store_care_older_than;
        const how = { olderThanMs, dryRun: false, label: plan.label, signal };
        const { found, bytes, removed } = await sweep(plan.options, context, how);
        log.info({ store: name, found, bytes, removed }, 'store swept');
      });
    }
    const until = isoDay(period.to);
    const since = isoDay(daysBefore(period.to, settings.spool_and_store_care_drain_days));
    for (const [spare, first] of pairs)
      await failures.catch(`${spare} -> ${first}`, async () => {
        try {
          const drained = await transfers.drain(spare, first, { since, until }, { signal });
          log.info({ spare, first, ...drained }, 'spare store drained');
          if (drained.differences > 0)
            throw new Error(
              `${drained.differences} differences; the receipt under DATA_DIR/transfers names them`,
            );
        } catch (error) {
          if (!(error instanceof AlreadyRunningError)) throw error;
          log.info({ spare, first }, 'somebody drains it already');
        }
      });
    failures.throw();
  },
});
