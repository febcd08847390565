/** `https://KEY[:SECRET]@HOST[:PORT]/[PREFIX/]PROJECT`: https://develop.sentry.dev/sdk/foundations/transport/authentication/ */
import { SettingsError } from '../../lib/settings.ts';

export interface Dsn {
  readonly publicKey: string;
  /** Where envelopes are posted. */
  readonly url: URL;
}

/** Throws `SettingsError` without the text: it is a secret of a kind. */
export function parseDsn(text: string): Dsn {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const path = url?.pathname.split('/').filter(Boolean) ?? [];
  const project = path.at(-1);
  if (!url || !/^https?:$/.test(url.protocol) || url.username === '' || project === undefined) {
    throw new SettingsError('SENTRY_DSN must be like https://KEY@HOST/PROJECT');
  }
  const prefix = path
    .slice(0, -1)
    .map((part) => `/${part}`)
    .join('');
  return {
    publicKey: decodeURIComponent(url.username),
    url: new URL(`${prefix}/api/${project}/envelope/`, `${url.protocol}//${url.host}`),
  };
}
