/** The channels that the settings ask for. */
import type { Log } from '../lib/log.ts';
import { SettingsError } from '../lib/settings.ts';
import { type AlertChannel, type Alerts, alertsTo } from './alerts.ts';
import type { NotifySettings } from './settings.ts';

export interface CreateAlertsOptions {
  readonly environment: string;
  readonly release: string;
  readonly log: Log;
}

/** None is configured: then nothing is sent, and what would be is in the log. Rejects with `SettingsError`. */
export async function createAlerts(settings: NotifySettings, options: CreateAlertsOptions): Promise<Alerts> {
  const channels: AlertChannel[] = [];
  const { alert_smtp_url: url, alert_mail_from: from, alert_mail_to: to } = settings;
  if (url) channels.push((await import('./mail/index.ts')).openMail({ url, from, to }));
  else if (to.length > 0)
    throw new SettingsError(
      'ALERT_SMTP_URL is missing: it says through which server mail to ALERT_MAIL_TO goes',
    );
  if (settings.alert_webhook_url)
    channels.push((await import('./webhook/index.ts')).openWebhook(settings.alert_webhook_url));
  if (settings.sentry_dsn)
    channels.push(
      (await import('./sentry/index.ts')).openSentryChannel({ dsn: settings.sentry_dsn, ...options }),
    );
  return alertsTo(channels, options);
}
