/** Alerts as JSON, posted to a URL: `text` is what Slack, Mattermost and their kind show. */
import { Agent, request } from 'undici';
import { SettingsError } from '../../lib/settings.ts';
import { subjectOf } from '../alert-text.ts';
import type { Alert, AlertChannel } from '../alerts.ts';

export const webhookBody = (alert: Alert): Readonly<Record<string, unknown>> => ({
  text: subjectOf(alert),
  service: alert.service,
  host: alert.host,
  time: alert.at.toISOString(),
  job: alert.job ?? null,
  period: alert.period ? { from: alert.period.from.toISOString(), to: alert.period.to.toISOString() } : null,
  error: alert.error ?? null,
});

/** Throws `SettingsError` without the text: whoever knows the URL may post. */
export function openWebhook(text: string): AlertChannel {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new SettingsError('ALERT_WEBHOOK_URL must be like https://HOST/PATH');
  const agent = new Agent({ connections: 1, pipelining: 1 });
  return {
    name: 'webhook',
    label: `webhook at ${url.host}`,
    async send(alert, { signal }) {
      const response = await request(url, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'auxilio/1' },
        body: JSON.stringify(webhookBody(alert)),
        signal: signal ?? null,
      });
      await response.body.dump();
      if (response.statusCode >= 300) throw new Error(`the webhook answered ${response.statusCode}`);
    },
    close: () => agent.destroy(),
  };
}
