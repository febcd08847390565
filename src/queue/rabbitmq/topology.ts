/**
 * The queues on the server, all of them quorum queues:
 *
 *     socorro.priority, socorro.normal, socorro.reprocessing    the lanes
 *     socorro.normal.delay.8 …                                  to be tried again, for each lane
 *     socorro.dead                                              given up
 *     socorro.control                                           exchange: what processes tell each other
 *     socorro.control.present                                   consumed by each process that listens there
 */
import type { Channel, ChannelModel, Options } from 'amqplib';
import { LANES, type Lane } from '../contract.ts';
import { settingName } from './address.ts';
import { openChannel } from './channels.ts';
import { declareFailure, isMissing } from './failures.ts';
import type { RabbitSettings } from './settings.ts';

/**
 * A message leaves a queue by its time to live only from the head, so that one with a short time waits behind one with
 * a long time. Therefore a queue holds only delays of up to twice the shortest one in it: a task may come twice as late
 * as it should, and does so only behind another. The first holds all up to 4 s, the last all above 512 s.
 * Test: rabbitmq/taking.test.ts "delays".
 */
const DELAY_SECONDS = [4, 8, 16, 32, 64, 128, 256, 512] as const;

const QUORUM = { 'x-queue-type': 'quorum' } as const;

const durable = (more: Readonly<Record<string, string>> = {}): Options.AssertQueue => ({
  durable: true,
  arguments: { ...QUORUM, ...more },
});

const LANE_SETTINGS = {
  priority: 'priority_queue_name',
  standard: 'standard_queue_name',
  reprocessing: 'reprocessing_queue_name',
} as const;

interface Declaration {
  readonly queue: string;
  /** The setting that its name comes from. */
  readonly key: string;
  readonly options: Options.AssertQueue;
}

export class Topology {
  readonly lanes: Readonly<Record<Lane, string>>;
  readonly dead: string;
  readonly control: string;
  readonly present: string;
  readonly lock: string;

  constructor(settings: RabbitSettings) {
    this.lanes = {
      priority: settings.priority_queue_name,
      standard: settings.standard_queue_name,
      reprocessing: settings.reprocessing_queue_name,
    };
    this.dead = settings.dead_queue_name;
    this.control = settings.control_name;
    this.present = `${settings.control_name}.present`;
    this.lock = `${settings.control_name}.lock`;
  }

  /** Where a task of the lane waits for so long. */
  delayQueue(lane: Lane, delayMs: number): string {
    const seconds = DELAY_SECONDS.find((most) => delayMs <= most * 1000);
    return `${this.lanes[lane]}.delay.${seconds ?? 'long'}`;
  }

  delayQueues(lane: Lane): readonly string[] {
    return [...DELAY_SECONDS, 'long'].map((name) => `${this.lanes[lane]}.delay.${name}`);
  }

  /** Makes what is missing. Rejects with `QueueError` that names the setting. The channel is gone then. */
  async declare(channel: Channel): Promise<void> {
    for (const { queue, key, options } of this.#declarations()) {
      try {
        await channel.assertQueue(queue, options);
      } catch (error) {
        throw declareFailure(error, queue, key);
      }
    }
    try {
      await channel.assertExchange(this.control, 'fanout', { durable: true });
    } catch (error) {
      throw declareFailure(error, this.control, settingName('control_name'));
    }
  }

  /** On a channel of its own, because a refusal ends the channel. */
  async declareOn(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    await this.declare(channel);
    await channel.close();
  }

  /** What is not there, and makes nothing. Rejects as `declare` does for what is there and does not fit. */
  async missingOn(model: ChannelModel): Promise<readonly string[]> {
    const missing: string[] = [];
    const look = async (name: string, key: string, ask: (channel: Channel) => Promise<unknown>) => {
      const channel = await openChannel(model);
      try {
        await ask(channel);
        await channel.close();
      } catch (error) {
        if (!isMissing(error)) throw declareFailure(error, name, key);
        missing.push(name);
      }
    };
    for (const { queue, key, options } of this.#declarations())
      await look(queue, key, async (channel) => {
        await channel.checkQueue(queue);
        // It is there: this makes nothing, and compares the properties, which looking does not.
        await channel.assertQueue(queue, options);
      });
    await look(this.control, settingName('control_name'), (channel) => channel.checkExchange(this.control));
    return missing;
  }

  /** Every task goes with its queue, those in hand too; then all is made again. */
  async wipe(model: ChannelModel): Promise<void> {
    const channel = await openChannel(model);
    for (const lane of LANES)
      for (const queue of [this.lanes[lane], ...this.delayQueues(lane)]) await channel.deleteQueue(queue);
    await channel.deleteQueue(this.dead);
    await this.declare(channel);
    await channel.close();
  }

  #declarations(): Declaration[] {
    const lanes = LANES.map((lane) => ({
      lane,
      queue: this.lanes[lane],
      key: settingName(LANE_SETTINGS[lane]),
    }));
    const delays = lanes.flatMap(({ lane, queue, key }) =>
      this.delayQueues(lane).map((name) => ({ queue: name, key, options: delayed(queue) })),
    );
    return [
      ...lanes.map(({ queue, key }) => ({ queue, key, options: durable() })),
      { queue: this.dead, key: settingName('dead_queue_name'), options: durable() },
      { queue: this.present, key: settingName('control_name'), options: durable() },
      ...delays,
    ];
  }
}

/**
 * Dead-lettering without `at-least-once` loses what expires while the lane cannot take it; it asks for `reject-publish`.
 * https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
 */
const delayed = (lane: string): Options.AssertQueue =>
  durable({
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': lane,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
