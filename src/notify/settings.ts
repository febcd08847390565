import type { SettingsSchema } from '../lib/settings.ts';

export interface NotifySettings {
  readonly sentry_dsn: string;
  readonly alert_smtp_url: string;
  readonly alert_mail_from: string;
  readonly alert_mail_to: readonly string[];
  readonly alert_webhook_url: string;
}

export const notifySchema: SettingsSchema<NotifySettings> = {
  sentry_dsn: {
    doc: 'Where unhandled errors and alerts of jobs are reported beside the log: the DSN of a Sentry-compatible server. Empty: only the log.',
    format: String,
    default: '',
    sensitive: true,
  },
  alert_smtp_url: {
    doc: 'The SMTP server for alerts of jobs: smtp://USER:PASSWORD@HOST:587 (STARTTLS where the server has it; with ?requireTLS=true only so) or smtps://…:465. Empty: no mail.',
    format: String,
    default: '',
    sensitive: true,
  },
  alert_mail_from: { doc: 'Sender of alerts.', format: String, default: 'auxilio@localhost' },
  alert_mail_to: { doc: 'Who gets alerts as mail.', format: 'list', default: [] },
  alert_webhook_url: {
    doc: 'URL to which alerts are posted as JSON with `text`, `job`, `period`, `error`, `host`; Slack and Mattermost show `text`. Empty: none.',
    format: String,
    default: '',
    sensitive: true,
  },
};
