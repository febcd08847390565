/** Queues in virtual hosts of their own, and what tests do with them. */
import { type Channel, connect } from 'amqplib';
import { afterEach } from 'vitest';
import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import { SETTINGS } from '../../../src/queue/conformance/harness.ts';
import { RabbitQueue } from '../../../src/queue/rabbitmq/rabbit-queue.ts';
import { type RabbitSettings, rabbitSchema } from '../../../src/queue/rabbitmq/settings.ts';
import { newVhost, type Vhost } from './vhosts.ts';
import { newWire, type Wire } from './wire.ts';

const undo: (() => Promise<unknown>)[] = [];

export const atEnd = (step: () => Promise<unknown>): void => {
  undo.push(step);
};

/** Closes and removes what a test has opened, last first. */
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

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
  atEnd(() => vhost.remove());
  return vhost;
}

export async function freshWire(url: string): Promise<Wire> {
  const wire = await newWire(url);
  atEnd(() => wire.close());
  return wire;
}

export async function openQueue(url: string, given: Partial<RabbitSettings> = {}): Promise<RabbitQueue> {
  const queue = await RabbitQueue.open({ settings: settingsFor(url, given), log: silentLog });
  atEnd(() => queue.close());
  return queue;
}

/** A plain client, as another program would have. */
export async function plainChannel(url: string): Promise<Channel> {
  const model = await connect(url);
  model.on('error', () => undefined);
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  atEnd(() => model.close().catch(() => undefined));
  return channel;
}
