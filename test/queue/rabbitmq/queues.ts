/** Queues in virtual hosts of their own; they are closed and removed when the test ends, the last first. */
import { type Channel, connect } from 'amqplib';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import { SETTINGS } from '../../../src/queue/conformance/harness.ts';
import { RabbitQueue } from '../../../src/queue/rabbitmq/rabbit-queue.ts';
import { type RabbitSettings, rabbitSchema } from '../../../src/queue/rabbitmq/settings.ts';
import { newVhost, type Vhost } from './vhosts.ts';
import { newWire, type Wire } from './wire.ts';

export const settingsFor = (url: string, given: Partial<RabbitSettings> = {}): RabbitSettings => ({
  ...parseSettings(rabbitSchema, {}),
  ...SETTINGS,
  poll_interval: 100,
  reconnect_base: 20,
  reconnect_cap: 500,
  ...given,
  url,
});

export async function freshVhost(): Promise<Vhost> {
  const vhost = await newVhost();
  onTestFinished(() => vhost.remove());
  return vhost;
}

export async function freshWire(url: string): Promise<Wire> {
  const wire = await newWire(url);
  onTestFinished(() => wire.close());
  return wire;
}

export async function openQueue(url: string, given: Partial<RabbitSettings> = {}): Promise<RabbitQueue> {
  const queue = await RabbitQueue.open({ settings: settingsFor(url, given), log: silentLog });
  onTestFinished(() => queue.close());
  return queue;
}

/** A plain client, as another program would have. */
export async function plainChannel(url: string): Promise<Channel> {
  const model = await connect(url);
  model.on('error', () => undefined);
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  onTestFinished(() => model.close().catch(() => undefined));
  return channel;
}
