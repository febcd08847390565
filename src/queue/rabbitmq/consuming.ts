/** Taking, acknowledging and looking, on a connection of its own; and what other processes tell us. */
import type { Channel, ChannelModel, ConsumeMessage, GetMessage } from 'amqplib';
import type { Timing } from '../timing.ts';
import { watch } from './channels.ts';
import type { ConnectParts } from './connecting.ts';
import { type Beginning, Link, type Session } from './link.ts';
import type { Topology } from './topology.ts';

export interface ConsumeSession extends Session {
  readonly model: ChannelModel;
  /** On the clock that is never set; undefined for the first connection of this process. */
  readonly againSince: number | undefined;
  /** Where others answer us. */
  readonly inbox: string;
  readonly isLost: () => boolean;
  lose(reason: Error): void;
  /** The next message of the queue, or undefined. */
  get(queue: string): Promise<GetMessage | undefined>;
  /** Of a message that came over this very connection. */
  ack(message: GetMessage): void;
  /** Messages that wait in a queue; those in hand are not among them. */
  ready(queue: string): Promise<number>;
  /** Processes that listen on the control exchange. */
  present(): Promise<number>;
}

export interface ConsumingParts extends Omit<ConnectParts, 'purpose'> {
  readonly topology: Topology;
  readonly timing: Timing;
  readonly onTold: (body: Buffer) => void;
  readonly onUp: () => void;
  readonly onDown: (session: ConsumeSession) => void;
}

export function consumingLink(parts: ConsumingParts): Link<ConsumeSession> {
  return new Link({ ...parts, purpose: 'consuming', begin: (beginning) => begin(parts, beginning) });
}

/** A request that is not answered in time gives the connection up: whoever waits for it is told. */
async function asked<T>(
  limitMs: number,
  lose: (reason: Error) => void,
  request: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => lose(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    return await request();
  } finally {
    clearTimeout(timer);
  }
}

async function begin(parts: ConsumingParts, { model, lose, isAgain }: Beginning): Promise<ConsumeSession> {
  const { topology, timing, settings } = parts;
  await topology.declareOn(model);
  const channels = await Promise.all(
    Array.from({ length: 3 }, async () => watch(await model.createChannel(), lose)),
  );
  const [taking, looking, listening] = channels.map((one) => one.channel) as [Channel, Channel, Channel];
  const inbox = await listen(listening, parts);
  let isOver = false;
  model.on('close', () => {
    isOver = true;
  });
  const ask = <T>(request: () => Promise<T>): Promise<T> => asked(settings.confirm_timeout, lose, request);
  return {
    model,
    inbox,
    lose,
    isLost: () => isOver,
    againSince: isAgain ? timing.elapsed() : undefined,
    get: async (queue) => (await ask(() => taking.get(queue))) || undefined,
    ack: (message) => taking.ack(message),
    ready: async (queue) => (await ask(() => looking.checkQueue(queue))).messageCount,
    present: async () => (await ask(() => looking.checkQueue(topology.present))).consumerCount,
    async close() {
      for (const one of channels) await one.close();
    },
  };
}

/** Answers the name of the queue in which we hear. It is gone when we are. */
async function listen(channel: Channel, { topology, onTold }: ConsumingParts): Promise<string> {
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
  await channel.bindQueue(queue, topology.control, '');
  const onMessage = (message: ConsumeMessage | null): void => {
    if (message) onTold(message.content);
  };
  await channel.consume(queue, onMessage, { noAck: true });
  await channel.consume(topology.present, () => undefined, { noAck: true });
  return queue;
}
