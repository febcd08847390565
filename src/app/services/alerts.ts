import type { Alerts } from '../../notify/alerts.ts';
import { createAlerts } from '../../notify/create-alerts.ts';
import type { Opening } from '../app.ts';
import { packageVersion } from '../package-root.ts';

export async function open({ configuration, log, onClose }: Opening): Promise<Alerts> {
  const { notify, app } = configuration.settings;
  const release = `auxilio@${packageVersion}`;
  const alerts = await createAlerts(notify, { environment: app.environment, release, log });
  onClose('alerts', () => alerts.close());
  return alerts;
}
