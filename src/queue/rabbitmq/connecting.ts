/** One connection to the server, with a limit on how long it takes and a way to end it that needs no answer. */
import { connect as amqpConnect, type ChannelModel } from 'amqplib';
import { throwIfAborted } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import type { CallOptions } from '../../model/report.ts';
import { QueueError } from '../contract.ts';
import { type Address, addressOf, settingName } from './address.ts';
import { connectFailure } from './failures.ts';
import type { RabbitSettings } from './settings.ts';

export interface Connected {
  readonly model: ChannelModel;
  /** Resolves when it is over, with what ended it; undefined when we did. Never rejects. */
  readonly over: Promise<Error | undefined>;
  /** Waits for the server's goodbye, not longer than it may take to answer. */
  close(): Promise<void>;
  /** At once, without a word to the server. */
  destroy(reason: Error): void;
}

export interface ConnectParts {
  readonly settings: RabbitSettings;
  readonly log: Log;
  /** Added to the connection's name. */
  readonly purpose: string;
}

/** https://amqp-node.github.io/amqplib/channel_api.html#connect */
function dial(parts: ConnectParts, address: Address, signal: AbortSignal): Promise<ChannelModel> {
  const { settings, purpose } = parts;
  return amqpConnect(
    {
      protocol: address.protocol,
      hostname: address.host,
      port: address.port,
      username: address.username,
      password: address.password,
      // amqplib decodes it once more.
      vhost: encodeURIComponent(address.vhost),
      heartbeat: Math.round(settings.heartbeat / 1000),
    },
    {
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: `${settings.connection_name} ${purpose} ${process.pid}` },
      ...address.tls,
      // Destroys the socket: amqplib's own `close` waits for an answer, which a frozen server never gives.
      ...{ signal },
    },
  );
}

/**
 * Rejects with `QueueError`: `invalid` when a setting is wrong, `unavailable` when the server is away, `aborted`. The
 * caller closes what it got.
 */
export async function connect(parts: ConnectParts, options: CallOptions = {}): Promise<Connected> {
  throwIfAborted(options.signal);
  const address = addressOf(parts.settings);
  const socket = new AbortController();
  const late = Object.assign(new Error('nobody answered in time'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => socket.abort(late), parts.settings.connect_timeout);
  const stop = (): void => socket.abort();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const model = await dial(parts, address, socket.signal);
    return held(model, socket, parts);
  } catch (error) {
    throwIfAborted(options.signal);
    throw connectFailure(socket.signal.aborted ? late : error, address);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

function held(
  model: ChannelModel,
  socket: AbortController,
  { settings, log, purpose }: ConnectParts,
): Connected {
  const over = Promise.withResolvers<Error | undefined>();
  let why: Error | undefined;
  // Without a listener an error would end the process; that the connection is over is what `close` says.
  model.on('error', (error: Error) => {
    why ??= error;
  });
  model.on('close', (error?: Error) => over.resolve(why ?? error));
  model.on('handler-error', (error: Error) =>
    log.error({ err: error, purpose }, 'a listener of the queue threw'),
  );
  const destroy = (reason: Error): void => {
    why ??= reason;
    socket.abort(reason);
  };
  return {
    model,
    over: over.promise,
    destroy,
    async close() {
      const timer = setTimeout(() => destroy(new Error('no goodbye')), settings.confirm_timeout);
      // It rejects when it is closed already, and does not settle when the socket goes before the goodbye.
      await Promise.race([model.close().catch(() => undefined), over.promise]);
      clearTimeout(timer);
      socket.abort();
    },
  };
}

const OLDEST = [3, 10] as const;

/** Time to live in quorum queues, and dead-lettering that loses nothing, came with 3.10. */
function checkVersion(model: ChannelModel): void {
  const version = String(model.connection.serverProperties.version ?? '');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new QueueError(
      'invalid',
      `${settingName('url')}: this is RabbitMQ ${version || 'of an unknown version'}; version 3.10 or newer is needed`,
    );
}

/** A connection for one piece of work: opened, checked, and closed whatever happens. */
export async function withConnection<T>(
  parts: ConnectParts,
  work: (model: ChannelModel, options: CallOptions) => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  const connected = await connect(parts, options);
  try {
    checkVersion(connected.model);
    return await work(connected.model, options);
  } finally {
    await connected.close();
  }
}
