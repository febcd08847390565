/** What the server, the network and TLS say, in our words: which setting it is about and what to do. */
import { SettingsError } from '../../lib/settings.ts';
import { QueueError } from '../contract.ts';
import { type Address, settingName } from './address.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const codeOf = (error: unknown): string =>
  String((error as { readonly code?: unknown } | undefined)?.code ?? '');

/** The server's sentence out of amqplib's `… with message "…"`. */
const serverSays = (error: unknown): string =>
  (/with message "(.*)"/s.exec(messageOf(error))?.[1] ?? messageOf(error)).replace(/\s+/g, ' ').slice(0, 300);

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start RabbitMQ or correct the port',
  ENOTFOUND: 'there is no such host; correct the name',
  EAI_AGAIN: 'the name of the host cannot be looked up now; check the name and the DNS',
  EHOSTUNREACH: 'the host cannot be reached; check the network',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'nobody answers; check host, port and firewall',
  ECONNRESET:
    'the connection was cut before we were let in; is it the right port, and amqps:// where the server wants TLS?',
};

function explainTls(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO')
    return `${settingName('url')}: the server does not speak TLS on this port; write amqp://, or the port for TLS (5671)`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${settingName('url')}: the server's certificate is for another host; use the name that is in it`;
  if (/^ERR_(SSL|OSSL)|_TLS_/.test(code))
    return `${settingName('url')}: TLS failed (${code}); does the server want a certificate (${settingName('tls_cert')})?`;
  if (/CERT|ISSUER|SIGNATURE|CRL/.test(code))
    return `${settingName('tls_ca')}: the server's certificate is not trusted (${code}); name the file of the authority that signed it`;
  return undefined;
}

function explainRefusal(error: unknown, address: Address): string | undefined {
  const text = messageOf(error);
  if (text.includes('ACCESS-REFUSED') || text.includes('ACCESS_REFUSED'))
    return `${settingName('username')} and ${settingName('password')} (or those in ${settingName('url')}): the server refuses user ${JSON.stringify(address.username)}; correct them (guest is let in from the server's own machine only)`;
  // amqplib does not pass on why the server closed instead of opening the virtual host.
  if (/ConnectionOpenOk|NOT-ALLOWED|NOT_ALLOWED/.test(text))
    return `${settingName('vhost')}: there is no virtual host ${JSON.stringify(address.vhost)}, or user ${JSON.stringify(address.username)} may not use it; rabbitmqctl add_vhost, rabbitmqctl set_permissions`;
  return undefined;
}

/** Why we could not get in: one line that names the setting and the remedy. `invalid` is for people, `unavailable` passes. */
export function connectFailure(error: unknown, address: Address): QueueError {
  if (error instanceof QueueError) return error;
  const refusal = explainTls(error) ?? explainRefusal(error, address);
  if (refusal !== undefined) return new QueueError('invalid', refusal, { cause: error });
  const known = NETWORK[codeOf(error)];
  const where = `${settingName('url')}: ${address.host}:${address.port}`;
  if (known !== undefined) return new QueueError('unavailable', `${where}: ${known}`, { cause: error });
  const hint =
    address.protocol === 'amqp'
      ? 'is it RabbitMQ, and does the port want TLS (amqps://)?'
      : 'is it RabbitMQ?';
  return new QueueError(
    'unavailable',
    `${where} does not answer as RabbitMQ does (${serverSays(error)}); ${hint}`,
    { cause: error },
  );
}

/** The server's NOT_FOUND, which ends the channel. */
export const isMissing = (error: unknown): boolean => codeOf(error) === '404';

/** Why queues could not be declared. */
export function declareFailure(error: unknown, queue: string, key: string): QueueError {
  const says = serverSays(error);
  const code = codeOf(error);
  if (code === '406' && says.includes('x-queue-type'))
    return new QueueError(
      'invalid',
      `${key}: ${queue} exists and is no quorum queue; let it run empty and delete it (rabbitmqctl delete_queue ${queue}), or set another name`,
      { cause: error },
    );
  if (code === '406')
    return new QueueError(
      'invalid',
      `${key}: ${queue} exists with other properties (${says}); delete it when it is empty, or set another name`,
      { cause: error },
    );
  if (code === '403')
    return new QueueError(
      'invalid',
      `${settingName('username')}: the user may not configure, write and read ${queue} (${says}); rabbitmqctl set_permissions`,
      { cause: error },
    );
  if (code === '405')
    return new QueueError(
      'invalid',
      `${key}: ${queue} belongs to another connection alone; set another name`,
      {
        cause: error,
      },
    );
  return new QueueError('unavailable', `${queue} cannot be declared (${says})`, { cause: error });
}

/** What a call ended with, as the queue's own error; settings that are wrong stay what they are. */
export function toQueueError(error: unknown): unknown {
  if (error instanceof QueueError || error instanceof SettingsError) return error;
  return new QueueError('unavailable', `the connection to RabbitMQ failed (${serverSays(error)})`, {
    cause: error,
  });
}
