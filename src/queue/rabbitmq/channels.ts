/** Channels: the server ends one for every mistake, and with it all that was in hand on it. */
import type { Channel, ChannelModel } from 'amqplib';

export interface Watched<C extends Channel> {
  readonly channel: C;
  /** After all that was sent over it. */
  close(): Promise<void>;
}

/** Tells `lose` when the channel ends unless we ended it. */
export function watch<C extends Channel>(channel: C, lose: (reason: Error) => void): Watched<C> {
  let isOurs = false;
  channel.on('error', lose);
  channel.on('close', () => {
    if (!isOurs) lose(new Error('the channel was closed'));
  });
  return {
    channel,
    async close() {
      isOurs = true;
      await channel.close();
    },
  };
}

/** A channel for one piece of work. Its errors do not end the process: the calls that wait for it are rejected. */
export async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  return channel;
}
