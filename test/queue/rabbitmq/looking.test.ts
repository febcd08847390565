import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import backend from '../../../src/queue/rabbitmq/index.ts';
import { freshVhost, openQueue, plainChannel } from './queues.ts';
import { missing, type Vhost } from './vhosts.ts';

const look = (url: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> =>
  backend.inspect?.({ url, ...more }, { dataDir: '/nowhere', log: silentLog }) ??
  Promise.reject(new Error('RabbitMQ is not looked at'));

const queuesOf = async (vhost: Vhost): Promise<readonly string[]> =>
  ((await vhost.ask('queues/{vhost}')) as readonly { readonly name: string }[]).map(({ name }) => name);

describe.skipIf(missing)(
  `looking at RabbitMQ${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 120_000 },
  () => {
    it('tells what opening will make, and makes nothing', async () => {
      const vhost = await freshVhost();
      const names = await look(vhost.url, { standard_queue_name: 'typo.normal' });
      expect(names.slice(0, 5)).toEqual([
        'socorro.priority',
        'typo.normal',
        'socorro.reprocessing',
        'socorro.dead',
        'socorro.control.present',
      ]);
      expect(names).toContain('typo.normal.delay.4');
      expect(names).toContain('socorro.control');
      expect(await queuesOf(vhost)).toEqual([]);
    });

    it('has nothing to tell of a server where it was opened, but of a name that is new there', async () => {
      const vhost = await freshVhost();
      await openQueue(vhost.url);
      const before = await queuesOf(vhost);
      expect(await look(vhost.url)).toEqual([]);
      expect((await look(vhost.url, { dead_queue_name: 'typo.dead' })) as unknown).toEqual(['typo.dead']);
      expect((await queuesOf(vhost)).toSorted()).toEqual(before.toSorted());
    });

    it('refuses a queue of another kind, as opening does', async () => {
      const vhost = await freshVhost();
      const channel = await plainChannel(vhost.url);
      await channel.assertQueue('socorro.normal', { durable: true });
      await expect(look(vhost.url)).rejects.toThrow(/QUEUE_STANDARD_QUEUE_NAME: .* is no quorum queue/);
    });
  },
);
