/** Settings of a connection to PostgreSQL: the same for the database, a store and the queue, each under its own prefix. */
import type { SettingsSchema } from '../lib/settings.ts';

/** Empty: what `sslmode` in the URL says, and without it none. */
export type TlsMode = '' | 'disable' | 'require' | 'verify-ca' | 'verify-full';

export const TLS_MODES: readonly TlsMode[] = ['', 'disable', 'require', 'verify-ca', 'verify-full'];

export interface PostgresSettings {
  readonly pool_size: number;
  /** Milliseconds, as the two that follow; 0 is no limit. */
  readonly connect_timeout: number;
  readonly statement_timeout: number;
  readonly lock_timeout: number;
  readonly tls: TlsMode;
  /** Path of a PEM file; empty: the authorities that Node knows. */
  readonly tls_ca: string;
}

export const postgresSchema: SettingsSchema<PostgresSettings> = {
  pool_size: {
    doc: 'PostgreSQL: connections at most. Whoever has the same URL and time-outs in one process shares one pool, as large as the largest asked for.',
    format: 'nat',
    default: 10,
  },
  connect_timeout: {
    doc: 'PostgreSQL: how long to wait for a connection to be made. For a free one of the pool: so long and statement_timeout.',
    format: 'duration',
    default: 10_000,
  },
  statement_timeout: {
    doc: 'PostgreSQL: how long one statement may take; the server ends it then. 0: no limit.',
    format: 'duration',
    default: 30_000,
  },
  lock_timeout: {
    doc: 'PostgreSQL: how long a statement may wait for the lock of another. 0: no limit.',
    format: 'duration',
    default: 10_000,
  },
  tls: {
    doc: 'PostgreSQL: disable, require (encrypted, whoever the server is), verify-ca (its certificate is signed by an authority) or verify-full (and bears its name). Empty: `sslmode` of the URL, or disable.',
    format: [...TLS_MODES],
    default: '',
  },
  tls_ca: {
    doc: 'PostgreSQL: PEM file of the authority that signed the certificate of the server. Empty: those that Node knows.',
    format: String,
    default: '',
  },
};

export const POSTGRES_DEFAULTS: PostgresSettings = {
  pool_size: 10,
  connect_timeout: 10_000,
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  tls: '',
  tls_ca: '',
};

/** Turns a key (`url`, `tls`) into what the operator wrote (`DATABASE_TLS`), for messages. */
export type SettingLabel = (key: keyof PostgresSettings | 'url') => string;

export const labelWith =
  (prefix: string): SettingLabel =>
  (key) =>
    `${prefix}_${key.toUpperCase()}`;
