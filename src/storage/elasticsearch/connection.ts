/** Clients: made from the settings, closed by whoever made them. */
import { readFile } from 'node:fs/promises';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { SettingsError } from '../../lib/settings.ts';
import type { ConnectionSettings, Label } from './settings.ts';

async function fileOf(path: string, key: string, label: Label): Promise<string | undefined> {
  if (path === '') return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SettingsError(`${label(key)}: ${path} cannot be read; name a PEM file`, { cause });
  }
}

function authOf({ username, password, api_key }: ConnectionSettings): Pick<ClientOptions, 'auth'> {
  if (api_key !== '') return { auth: { apiKey: api_key } };
  return username === '' ? {} : { auth: { username, password } };
}

/** A pool of connections to every node. Connects when it is first used; whoever opened it closes it. */
export async function openClient(settings: ConnectionSettings, label: Label): Promise<Client> {
  const [ca, cert, key] = await Promise.all([
    fileOf(settings.ca_file, 'ca_file', label),
    fileOf(settings.client_cert_file, 'client_cert_file', label),
    fileOf(settings.client_key_file, 'client_key_file', label),
  ]);
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    return new Client({
      nodes: [...settings.url],
      ...authOf(settings),
      tls: { ...tls, rejectUnauthorized: settings.tls_verify },
      ...(settings.ca_fingerprint && { caFingerprint: settings.ca_fingerprint }),
      requestTimeout: settings.timeout,
      // Each node once: passing over one that is down is no retry. Those are the executor's, in one place.
      maxRetries: settings.url.length - 1,
      enableMetaHeader: false,
    });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError(`${label('url')}: ${detail.replace(/\s*\n\s*/g, '; ')}`, { cause });
  }
}

/** A connection for one piece of work, closed when that has ended, well or badly. */
export async function withConnection<T>(
  settings: ConnectionSettings,
  label: Label,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openClient(settings, label);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
