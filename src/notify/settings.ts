import type { SettingsSchema } from '../lib/settings.ts';

export interface NotifySettings {
  readonly sentry_dsn: string;
}

export const notifySchema: SettingsSchema<NotifySettings> = {
  sentry_dsn: {
    doc: 'Where unhandled errors are reported beside the log: the DSN of a Sentry-compatible server. Empty: only the log.',
    format: String,
    default: '',
    sensitive: true,
  },
};
