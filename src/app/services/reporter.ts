import type { ErrorReporter } from '../../notify/contract.ts';
import { createReporter } from '../../notify/create-reporter.ts';
import type { Opening } from '../app.ts';
import { packageVersion } from '../package-root.ts';

export async function open({ configuration, log, onClose }: Opening): Promise<ErrorReporter> {
  const { notify, app } = configuration.settings;
  const reporter = await createReporter({
    dsn: notify.sentry_dsn,
    environment: app.environment,
    release: `auxilio@${packageVersion}`,
    log,
  });
  onClose('reporter', () => reporter.close());
  return reporter;
}
