/** Each wrong setting gives one line that names it and says what to do. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { addressOf } from '../../../src/queue/rabbitmq/address.ts';
import backend from '../../../src/queue/rabbitmq/index.ts';
import type { RabbitSettings } from '../../../src/queue/rabbitmq/settings.ts';
import { listening } from '../../build/listening.ts';
import { freshVhost, openQueue, plainChannel, settingsFor } from './queues.ts';
import { missing, running } from './vhosts.ts';

const context = { dataDir: '/nowhere', log: silentLog };

async function refused(
  options: Readonly<Record<string, unknown>>,
  more: { readonly longestTaskMs?: number } = {},
): Promise<{ readonly code: string; readonly message: string }> {
  try {
    const queue = await backend.open(options, { ...context, ...more });
    await queue.close();
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    expect(message).not.toContain('\n');
    return { code, message };
  }
  return assert.fail('it was opened');
}

/** The server's address with other parts. */
function changed(
  parts: Partial<Record<'port' | 'hostname' | 'password' | 'pathname' | 'protocol', string>>,
): string {
  const url = new URL(running().url);
  return Object.assign(url, parts).href;
}

describe('settings of RabbitMQ, without a server', () => {
  it.each([
    ['no URL', { url: 'localhost' }, /^QUEUE_URL must be like amqp:\/\/USER:PASSWORD@HOST:5672\/VHOST/],
    ['another protocol', { url: 'http://user:hush@localhost' }, /^QUEUE_URL must be like/],
    ['a stray %', { url: 'amqp://a:%@localhost' }, /^QUEUE_URL: a % .* is written %25$/],
    ['TLS files without TLS', { tls_ca: '/ca.pem' }, /^QUEUE_URL begins with amqp:\/\/.*write amqps:\/\//],
    [
      'a missing file',
      { url: 'amqps://x', tls_ca: '/no.pem' },
      /^QUEUE_TLS_CA: \/no.pem cannot be read \(ENOENT\)/,
    ],
    [
      'half a key pair',
      { url: 'amqps://x', tls_cert: '/c' },
      /^QUEUE_TLS_CERT and QUEUE_TLS_KEY go together/,
    ],
  ] as const)('%s', async (_what, options, message) => {
    const { code, message: text } = await refused(options);
    expect(code).toBe('invalid');
    expect(text).toMatch(message);
    expect(text).not.toContain('hush');
  });

  it('a task that may take longer than the server lets it', async () => {
    const { message } = await refused({ consumer_timeout: '10m' }, { longestTaskMs: 600_000 });
    expect(message).toMatch(/^QUEUE_CONSUMER_TIMEOUT: .* 10 min, .*PROCESSOR_TASK_TIMEOUT/);
    const nobody = 'amqp://127.0.0.1:1';
    for (const consumer_timeout of ['11m', '0'])
      expect(await refused({ url: nobody, consumer_timeout }, { longestTaskMs: 600_000 })).toMatchObject({
        code: 'unavailable',
      });
  });

  it('settings win over the URL, which is decoded', () => {
    const url = 'amqp://us%40er:p%2Fw@[::1]/a%2Fb';
    expect(addressOf(settingsFor(url))).toMatchObject({
      host: '::1',
      port: 5672,
      vhost: 'a/b',
      username: 'us@er',
      password: 'p/w',
    });
    const given: Partial<RabbitSettings> = { vhost: 'v', username: 'u', password: 'p' };
    expect(addressOf(settingsFor(url, given))).toMatchObject({ vhost: 'v', username: 'u', password: 'p' });
    expect(addressOf(settingsFor('amqps://h/'))).toMatchObject({ port: 5671, vhost: '/', username: 'guest' });
  });

  it('a server that takes connections and says nothing', async () => {
    await using mute = await listening(createServer(() => undefined));
    const { code, message } = await refused({
      url: `amqp://127.0.0.1:${mute.port}`,
      connect_timeout: '200ms',
    });
    expect(code).toBe('unavailable');
    expect(message).toMatch(/QUEUE_URL: 127\.0\.0\.1:\d+: nobody answers; check host, port and firewall/);
  });
});

describe.skipIf(missing)(
  `wrong settings at RabbitMQ${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    it.each([
      ['port', () => changed({ port: '1' }), 'unavailable', /QUEUE_URL: 127.0.0.1:1: nothing listens there/],
      [
        'host',
        () => changed({ hostname: 'nohost.invalid' }),
        'unavailable',
        /QUEUE_URL: nohost\.invalid:\d+: (there is no such host|the name of the host)/,
      ],
      [
        'password',
        () => changed({ password: 'hush' }),
        'invalid',
        /QUEUE_USERNAME and QUEUE_PASSWORD .* refuses user "guest"; correct them/,
      ],
      [
        'vhost',
        () => changed({ pathname: '/nowhere' }),
        'invalid',
        /QUEUE_VHOST: there is no virtual host "nowhere"/,
      ],
      [
        'TLS where there is none',
        () => changed({ protocol: 'amqps:' }),
        'invalid',
        /QUEUE_URL: the server does not speak TLS on this port; write amqp:\/\//,
      ],
    ] as const)('wrong %s', async (_what, url, code, message) => {
      const error = await refused({ url: url() });
      expect(error).toMatchObject({ code });
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain('hush');
    });

    it('a port of something else', async () => {
      const { management } = running() as unknown as { readonly management: string };
      const url = `amqp://127.0.0.1:${new URL(management).port}`;
      const error = await refused({ url, connect_timeout: '1s' });
      expect(error.message).toMatch(/QUEUE_URL: 127.0.0.1:\d+/);
    });

    it('a queue of the original, which is no quorum queue', async () => {
      const vhost = await freshVhost();
      await (await plainChannel(vhost.url)).assertQueue('socorro.normal', { durable: true });
      const { code, message } = await refused({ url: vhost.url });
      expect(code).toBe('invalid');
      expect(message).toMatch(
        /QUEUE_STANDARD_QUEUE_NAME: socorro.normal exists and is no quorum queue; let it run empty and delete it/,
      );
      const other = await openQueue(vhost.url, { standard_queue_name: 'auxilio.normal' });
      await other.health();
    });

    it('a user who may not make queues', async () => {
      const vhost = await freshVhost();
      const name = `user-${vhost.name}`;
      await vhost.ask(`users/${name}`, 'PUT', { password: 'pw', tags: '' });
      onTestFinished(async () => void (await vhost.ask(`users/${name}`, 'DELETE')));
      await vhost.ask(`permissions/{vhost}/${name}`, 'PUT', { configure: '^$', write: '.*', read: '.*' });
      const { code, message } = await refused({ url: vhost.url, username: name, password: 'pw' });
      expect(code).toBe('invalid');
      expect(message).toMatch(
        /QUEUE_USERNAME: the user may not configure, write and read socorro.*set_permissions/,
      );
    });

    it('shows what its connections are for', async () => {
      const vhost = await freshVhost();
      const queue = await openQueue(vhost.url, { connection_name: 'stage' });
      await queue.depth('standard');
      await queue.health();
      type Row = { readonly vhost: string; readonly user_provided_name?: string };
      let names: (string | undefined)[] = [];
      const deadline = performance.now() + 20_000;
      while (names.length < 2 && performance.now() < deadline) {
        const rows = (await vhost.ask('connections')) as readonly Row[];
        names = rows.filter((row) => row.vhost === vhost.name).map((row) => row.user_provided_name);
      }
      expect(names.toSorted()).toEqual([`stage consuming ${process.pid}`, `stage publishing ${process.pid}`]);
    });
  },
);
