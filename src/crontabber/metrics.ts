/** The crontabber's metrics. */
import { declareMetrics } from '../lib/metrics.ts';

export const metrics = declareMetrics({
  crontabber_runs_total: {
    type: 'counter',
    help: 'Runs of jobs by their outcome: done, failed, stopped (with the process), lost (the process vanished)',
    labels: ['job', 'outcome'],
  },
  crontabber_run_seconds: {
    type: 'histogram',
    help: 'How long runs take',
    labels: ['job'],
    buckets: [0.1, 1, 10, 60, 300, 1800, 7200, 28_800],
  },
  crontabber_running: { type: 'gauge', help: '1 while this process runs the job', labels: ['job'] },
  crontabber_last_success_seconds: {
    type: 'gauge',
    help: 'When the job last succeeded here, seconds since 1970',
    labels: ['job'],
  },
  crontabber_errors: { type: 'gauge', help: 'Failures in a row, of any process', labels: ['job'] },
  crontabber_late: {
    type: 'gauge',
    help: '1 when a period is over for longer than CRONTABBER_LATE_AFTER and not done',
    labels: ['job'],
  },
});
