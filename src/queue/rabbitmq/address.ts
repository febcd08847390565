/** Where the server is and who we are to it, from the settings. */
import { readFileSync } from 'node:fs';
import { SettingsError } from '../../lib/settings.ts';
import type { RabbitSettings } from './settings.ts';

export interface Address {
  readonly protocol: 'amqp' | 'amqps';
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

/** What people call a setting of the queue. */
export const settingName = (key: keyof RabbitSettings): string => `QUEUE_${key.toUpperCase()}`;

const PORTS = { amqp: 5672, amqps: 5671 } as const;

/** Never quoted: the URL may hold a password. */
function parseUrl(text: string): URL & { readonly protocol: 'amqp:' | 'amqps:' } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^amqps?:$/.test(url.protocol) || url.hostname === '')
    throw new SettingsError(
      `${settingName('url')} must be like amqp://USER:PASSWORD@HOST:5672/VHOST, or amqps:// for TLS`,
    );
  return url as URL & { readonly protocol: 'amqp:' | 'amqps:' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SettingsError(`${settingName('url')}: a % in user, password or virtual host is written %25`, {
      cause,
    });
  }
}

function pem(key: 'tls_ca' | 'tls_cert' | 'tls_key', path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SettingsError(
      `${settingName(key)}: ${path} cannot be read (${code}); name a PEM file that can`,
      {
        cause,
      },
    );
  }
}

function tlsFiles(settings: RabbitSettings, isTls: boolean): Address['tls'] {
  const { tls_ca, tls_cert, tls_key } = settings;
  if (!isTls && (tls_ca || tls_cert || tls_key))
    throw new SettingsError(
      `${settingName('url')} begins with amqp:// but TLS files are set; write amqps://, or unset QUEUE_TLS_CA, QUEUE_TLS_CERT and QUEUE_TLS_KEY`,
    );
  if ((tls_cert === '') !== (tls_key === ''))
    throw new SettingsError(
      `${settingName('tls_cert')} and ${settingName('tls_key')} go together: set both or none`,
    );
  return {
    ...(tls_ca ? { ca: pem('tls_ca', tls_ca) } : {}),
    ...(tls_cert ? { cert: pem('tls_cert', tls_cert), key: pem('tls_key', tls_key) } : {}),
  };
}

/** Throws `SettingsError`, naming the setting. */
export function addressOf(settings: RabbitSettings): Address {
  const url = parseUrl(settings.url);
  const protocol = url.protocol === 'amqps:' ? 'amqps' : 'amqp';
  const path = url.pathname.slice(1);
  return {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? PORTS[protocol] : Number(url.port),
    vhost: settings.vhost || decode(path) || '/',
    username: settings.username || decode(url.username) || 'guest',
    password: settings.password || decode(url.password) || 'guest',
    tls: tlsFiles(settings, protocol === 'amqps'),
  };
}
