import { hostname } from 'node:os';
import { Crontabber } from '../../crontabber/crontabber.ts';
import { checkedJobs } from '../../crontabber/job-list.ts';
import type { JobFailure } from '../../crontabber/job-run.ts';
import { JobStore } from '../../crontabber/job-store.ts';
import { checkCrontabberSettings } from '../../crontabber/settings.ts';
import { transactionExecutor } from '../../database/transactions.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Alerts } from '../../notify/alerts.ts';
import type { Opening } from '../app.ts';
import { jobServices } from '../job-services.ts';
import { loadJobList } from '../scheduled-jobs.ts';

/** How long a job may take to end when its time is over or the process ends. */
const GRACE_MS = 5_000;

const failureAlert =
  (alerts: Alerts) =>
  ({ job, period, host, error }: JobFailure): void =>
    alerts.send({
      service: 'crontabber',
      host,
      at: systemClock.now(),
      text: `job ${job} failed: ${error.type}: ${error.value}`,
      job,
      period,
      error,
    });

export async function open({ configuration, log, quit, app }: Opening): Promise<Crontabber> {
  const settings = configuration.settings.crontabber;
  checkCrontabberSettings(settings);
  const jobs = checkedJobs(await loadJobList(configuration));
  const alerts = await app.alerts();
  const database = await app.database();
  return new Crontabber({
    jobs,
    store: new JobStore(database),
    services: await jobServices(app, alerts),
    executorOf: (kind) => transactionExecutor(database, { kind, log, quit }),
    clock: systemClock,
    log,
    host: hostname(),
    errorRetryMs: settings.error_retry,
    leaseMs: settings.lease,
    graceMs: GRACE_MS,
    concurrency: settings.concurrency,
    tickMs: settings.interval,
    logDays: settings.log_days,
    lateAfterMs: settings.late_after,
    onNewFailure: failureAlert(alerts),
  });
}
