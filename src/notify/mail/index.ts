/** Alerts as mail, through an SMTP server: https://nodemailer.com/smtp */
import { createTransport } from 'nodemailer';
import { raceSignal } from '../../lib/abort.ts';
import { SettingsError } from '../../lib/settings.ts';
import { bodyOf, subjectOf } from '../alert-text.ts';
import type { Alert, AlertChannel } from '../alerts.ts';

export interface MailOptions {
  /** `smtp://USER:PASSWORD@HOST:PORT`, `smtps://…`; `?requireTLS=true` refuses a server without STARTTLS. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

const ANSWER_MS = 10_000;
const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$|<[^\s@<>]+@[^\s@<>]+>$/;

function checkOptions({ url, from, to }: MailOptions): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // The text stays out of the message: it has a password in it.
  if (!parsed || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new SettingsError('ALERT_SMTP_URL must be like smtp://USER:PASSWORD@HOST:587');
  if (to.length === 0) throw new SettingsError('ALERT_MAIL_TO is missing: it says who gets the alerts');
  const wrong = [from, ...to].find((address) => !ADDRESS.test(address));
  if (wrong !== undefined)
    throw new SettingsError(
      `${wrong === from ? 'ALERT_MAIL_FROM' : 'ALERT_MAIL_TO'}: ${JSON.stringify(wrong)} is no address`,
    );
}

/** Throws `SettingsError`; connects when there is something to send. */
export function openMail(options: MailOptions): AlertChannel {
  checkOptions(options);
  const { url, from, to } = options;
  const transport = createTransport({
    url,
    connectionTimeout: ANSWER_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    name: 'mail',
    label: `mail to ${to.join(', ')}`,
    async send(alert: Alert, { signal }) {
      const message = {
        from,
        to: [...to],
        subject: subjectOf(alert),
        text: bodyOf(alert),
        date: alert.at,
        // So that no answering machine answers: RFC 3834.
        headers: { 'Auto-Submitted': 'auto-generated' },
      };
      const { rejected } = await raceSignal(transport.sendMail(message), signal);
      if (rejected.length > 0)
        throw new Error(`the mail server refused ${rejected.length} of ${to.length} addresses`);
    },
    async close() {
      transport.close();
    },
  };
}
