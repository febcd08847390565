/** Alerts against real small servers: SMTP, HTTP, a Sentry-compatible one. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { registry } from '../../src/lib/metrics.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { bodyOf, subjectOf } from '../../src/notify/alert-text.ts';
import { type Alert, alertsTo } from '../../src/notify/alerts.ts';
import { createAlerts } from '../../src/notify/create-alerts.ts';
import { openMail } from '../../src/notify/mail/index.ts';
import { type NotifySettings, notifySchema } from '../../src/notify/settings.ts';
import { openWebhook } from '../../src/notify/webhook/index.ts';
import { saidServer } from '../build/said-server.ts';
import { startSentry } from './sentry-server.ts';

const ALERT: Alert = {
  service: 'crontabber',
  host: 'node7',
  at: new Date('2026-11-21T06:05:00Z'),
  text: 'job bugs failed: TypeError: no\r\nBcc: everybody@example.org',
  job: 'bugs',
  period: { from: new Date('2026-11-21T05:00:00Z'), to: new Date('2026-11-21T06:00:00Z') },
  error: { type: 'TypeError', value: 'no', traceback: 'TypeError: no\n    at run (/srv/jobs/bugs.ts:7:3)' },
};

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly user: string;
}

interface MailServer {
  readonly url: string;
  readonly mails: Mail[];
  /** Addresses that it refuses. */
  readonly refused: Set<string>;
}

async function startMail(): Promise<MailServer> {
  const mails: Mail[] = [];
  const refused = new Set<string>();
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'secret' ? done(null, { user: username ?? '' }) : done(new Error('wrong password')),
    onRcptTo: ({ address }, _session, done) => done(refused.has(address) ? new Error('nobody here') : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          user: String(session.user ?? ''),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://ops:secret@127.0.0.1:${port}`, mails, refused };
}

interface HookServer {
  readonly url: string;
  readonly bodies: Record<string, unknown>[];
  readonly headers: IncomingHttpHeaders[];
  status: number;
}

async function startHook(): Promise<HookServer> {
  const state: HookServer = { url: '', bodies: [], headers: [], status: 200 };
  const { url, close } = await saidServer(({ headers, body }, response) => {
    state.headers.push(headers);
    state.bodies.push(JSON.parse(body.toString()) as Record<string, unknown>);
    response.writeHead(state.status, { location: 'http://127.0.0.1:1/' }).end('ok');
  });
  onTestFinished(close);
  return Object.assign(state, { url: `${url}/hook/token` });
}

const settingsOf = (values: Record<string, string>): NotifySettings => parseSettings(notifySchema, values);
const context = { environment: 'test', release: 'auxilio@1', log: silentLog };

describe('what an alert says', () => {
  it('has job, period, error, trace and host, and one line as its subject', () => {
    expect(subjectOf(ALERT)).toBe(
      '[auxilio crontabber] job bugs failed: TypeError: no Bcc: everybody@example.org',
    );
    const body = bodyOf(ALERT);
    for (const part of [
      'bugs',
      '2026-11-21 05:00:00 UTC to 2026-11-21 06:00:00 UTC',
      'TypeError: no',
      'node7',
      'bugs.ts:7:3',
    ])
      expect(body).toContain(part);
  });
});

describe('mail', () => {
  it('reaches everybody who is named, through a server that wants a password', async () => {
    const server = await startMail();
    const channel = openMail({
      url: server.url,
      from: 'auxilio@example.org',
      to: ['a@example.org', 'B <b@example.org>'],
    });
    await channel.send(ALERT, {});
    await channel.close();
    const [mail] = server.mails;
    expect(mail).toMatchObject({
      from: 'auxilio@example.org',
      to: ['a@example.org', 'b@example.org'],
      user: 'ops',
    });
    expect(mail?.text).toMatch(/^Subject: \[auxilio crontabber\] job bugs failed/m);
    expect(mail?.text.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m);
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(mail?.text).toContain('bugs.ts:7:3');
  });

  it('that nobody takes is a failure: wrong password, refused address, nobody there', async () => {
    const server = await startMail();
    const to = ['a@example.org', 'b@example.org'];
    const send = (url: string) => openMail({ url, from: 'auxilio@example.org', to }).send(ALERT, {});
    await expect(send(server.url.replace('secret', 'wrong'))).rejects.toMatchObject({ code: 'EAUTH' });
    server.refused.add('b@example.org');
    await expect(send(server.url)).rejects.toThrow(/refused 1 of 2 addresses/);
    await expect(send('smtp://127.0.0.1:1')).rejects.toMatchObject({ code: 'ESOCKET' });
  });

  it.each([
    ['http://mail', ['a@b.example'], /ALERT_SMTP_URL must be like/],
    ['smtp://u:secret@mail', [], /ALERT_MAIL_TO is missing/],
    ['smtp://mail', ['nobody'], /ALERT_MAIL_TO: "nobody" is no address/],
  ])('is refused at start: %s %j', (url, to, message) => {
    const open = () => openMail({ url, from: 'auxilio@localhost', to });
    expect(open).toThrow(message);
    expect(open).not.toThrow(/secret/);
  });
});

describe('webhook', () => {
  it('gets JSON that chat servers show', async () => {
    const server = await startHook();
    const channel = openWebhook(server.url);
    await channel.send(ALERT, {});
    await channel.close();
    expect(server.bodies).toEqual([
      {
        text: '[auxilio crontabber] job bugs failed: TypeError: no Bcc: everybody@example.org',
        service: 'crontabber',
        host: 'node7',
        time: '2026-11-21T06:05:00.000Z',
        job: 'bugs',
        period: { from: '2026-11-21T05:00:00.000Z', to: '2026-11-21T06:00:00.000Z' },
        error: ALERT.error,
      },
    ]);
    expect(server.headers[0]?.['content-type']).toBe('application/json');
  });

  it.each([404, 500, 302])('that answers %d has not taken it, and is not followed', async (status) => {
    const server = await startHook();
    server.status = status;
    const channel = openWebhook(server.url);
    await expect(channel.send(ALERT, {})).rejects.toThrow(`answered ${status}`);
    await channel.close();
  });

  it('does not say its URL', () => {
    expect(openWebhook('https://chat.example/T0/secret').label).toBe('webhook at chat.example');
    expect(() => openWebhook('nonsense-secret')).toThrow(/^(?!.*secret)/);
  });
});

describe('all channels', () => {
  it('are those that are configured, and each gets the alert', async () => {
    const [mail, hook, sentry] = [await startMail(), await startHook(), await startSentry()];
    const alerts = await createAlerts(
      settingsOf({
        alert_smtp_url: mail.url,
        alert_mail_to: 'a@example.org',
        alert_webhook_url: hook.url,
        sentry_dsn: sentry.dsn,
      }),
      context,
    );
    alerts.send(ALERT);
    await alerts.close();
    expect(mail.mails).toHaveLength(1);
    expect(hook.bodies).toHaveLength(1);
    const [, , event] = sentry.received[0]?.lines ?? [];
    expect(event).toMatchObject({
      server_name: 'node7',
      logentry: { formatted: ALERT.text },
      tags: {
        job: 'bugs',
        service: 'crontabber',
        period: '2026-11-21T05:00:00.000Z/2026-11-21T06:00:00.000Z',
      },
      exception: { values: [{ type: 'TypeError', value: 'no', stacktrace: { frames: [{ lineno: 7 }] } }] },
      extra: { traceback: ALERT.error?.traceback },
    });
  });

  it('one that is down holds up neither the sender nor the others, is tried again, and is said', async () => {
    const hook = await startHook();
    const lines: Record<string, unknown>[] = [];
    const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
      warn: (fields: Record<string, unknown>) => void lines.push(fields),
      error: (fields: Record<string, unknown>) => void lines.push(fields),
    });
    const dead = openMail({ url: 'smtp://127.0.0.1:1', from: 'a@example.org', to: ['b@example.org'] });
    const alerts = alertsTo([dead, openWebhook(hook.url)], { log, delaysMs: [1, 1] });
    alerts.send(ALERT);
    await expect.poll(() => hook.bodies.length).toBe(1);
    await expect.poll(() => lines.length).toBe(3);
    expect(lines.at(-1)).toMatchObject({ channel: 'mail to b@example.org', job: 'bugs', alert: ALERT.text });
    await alerts.close();
    expect(await registry.getSingleMetricAsString('auxilio_notify_alerts_total')).toMatch(
      /channel="mail",outcome="failed"\} [1-9]/,
    );
  });

  it('close in time, whatever a server does', async () => {
    await using silent = await saidServer(() => undefined);
    const alerts = alertsTo([openWebhook(`${silent.url}/`)], { log: silentLog, closeMs: 50 });
    alerts.send(ALERT);
    alerts.send(ALERT);
    const begun = performance.now();
    await alerts.close();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('mail without a server is a mistake', async () => {
    await expect(createAlerts(settingsOf({ alert_mail_to: 'a@example.org' }), context)).rejects.toThrow(
      /ALERT_SMTP_URL is missing/,
    );
  });
});
