/** How `pg` is set up: what is sent at the beginning of a connection, and what types come back. */
import pg from 'pg';
import type { PostgresSettings, SettingLabel } from './postgres-settings.ts';
import { type PostgresAddress, tlsOptions } from './postgres-url.ts';

/** Room for an answer to arrive before we give up a server that should have ended the statement itself. */
const ANSWER_MS = 5_000;
/** A process that stands still in a transaction must not keep its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000;

const INT8 = 20;
const DATE = 1082;

const asNumber = (text: string): number | string => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
};

/**
 * As SQLite answers: whole numbers are numbers as long as they are exact, a day stays its text (`pg` makes it
 * midnight in the zone of this machine).
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === INT8) return asNumber;
    if (format !== 'binary' && oid === DATE) return (text: string) => text;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};

export function clientConfig(
  address: PostgresAddress,
  settings: PostgresSettings,
  label: SettingLabel,
): pg.ClientConfig {
  const { statement_timeout, lock_timeout, connect_timeout } = settings;
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: tlsOptions(address, settings, label),
    application_name: 'auxilio',
    keepAlive: true,
    connectionTimeoutMillis: connect_timeout,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...(lock_timeout > 0 ? { lock_timeout } : {}),
    // The server ends the statement; a server that stands still ends nothing.
    ...(statement_timeout > 0 ? { statement_timeout, query_timeout: statement_timeout + ANSWER_MS } : {}),
    types,
  };
}

/**
 * Lets go of a connection that may not answer any more: `end` would wait for a server that stands still, and its
 * socket would keep this process alive.
 */
export function cutOff(client: pg.ClientBase): void {
  const { connection } = client as { readonly connection?: { readonly stream?: { destroy(): void } } };
  connection?.stream?.destroy();
}
