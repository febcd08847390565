/** Copies of a PostgreSQL database by its own `pg_dump`, where that is installed. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresAddress } from '../../database/postgres-url.ts';
import type { CallOptions } from '../../model/report.ts';
import { findOnPath } from '../../symbols/find-tool.ts';
import { runTool } from '../../symbols/run-tool.ts';
import { BackupError, type DatabaseCopier } from './copier.ts';

export interface PostgresCopierOptions {
  readonly address: PostgresAddress;
  /** PEM file of an authority; empty: the system's. */
  readonly authority: string;
  /** The schema that the tables of the database lie in; those of stores and of the queue lie in others. */
  readonly schema: string;
  /** Where programs are looked for. */
  readonly tools: readonly string[];
}

const LIMITS = {
  timeoutMs: 6 * 3_600_000,
  maxOutputBytes: 1024 ** 2,
  memoryBytes: 0,
  prlimit: undefined,
};

/** What the names of our tables begin with: other programs may have theirs in the same schema, and restoring drops tables. */
const ROOMS = [
  'auxilio',
  'collector',
  'crontabber',
  'notify',
  'processor',
  'search',
  'signature',
  'symbols',
  'web',
];

/** In a connection string of libpq. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
/** In a file of passwords. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');

/** As `tlsOptions` understands them (`database/postgres-url.ts`). */
const SSL_MODES = {
  disable: 'disable',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
} as const;

export class PostgresCopier implements DatabaseCopier {
  readonly extension = 'dump';
  readonly label: string;
  readonly #options: PostgresCopierOptions;

  constructor(options: PostgresCopierOptions) {
    this.#options = options;
    this.label = options.address.label;
  }

  async cannot(): Promise<string | undefined> {
    for (const name of ['pg_dump', 'pg_restore'])
      if (!(await findOnPath(name, this.#options.tools)))
        return `${name} is not installed; a package like postgresql-client has it`;
    return undefined;
  }

  async size(): Promise<undefined> {
    return undefined;
  }

  /** One snapshot of the database. Every row is read, so that a damaged page is an error rather than part of the copy. */
  async copyTo(path: string, options: CallOptions = {}): Promise<void> {
    const schema = quotedName(this.#options.schema);
    const tables = ROOMS.map((room) => `--table=${schema}.${room}_*`);
    const args = ['--format=custom', '--no-owner', '--no-privileges', ...tables];
    await this.#run('pg_dump', [...args, `--file=${path}`, '--lock-wait-timeout=60000'], options);
    await this.verify(path, options);
  }

  async verify(path: string, options: CallOptions = {}): Promise<void> {
    await stat(path);
    // Its list of contents is in the beginning, its data behind: only turning all of it into SQL reads all of it.
    await this.#run('pg_restore', ['--file=/dev/null', path], options, false);
  }

  /** In one transaction; tables that came later are left. */
  async restoreFrom(path: string, options: CallOptions = {}): Promise<void> {
    await this.verify(path, options);
    const args = [
      '--clean',
      '--if-exists',
      '--no-owner',
      '--no-privileges',
      '--single-transaction',
      '--exit-on-error',
    ];
    await this.#run('pg_restore', [...args, path], options);
  }

  async #run(tool: string, args: readonly string[], { signal }: CallOptions, connects = true): Promise<void> {
    const path = await findOnPath(tool, this.#options.tools);
    if (!path) throw new BackupError(`${tool} is not installed`);
    // The list of processes shows arguments to everybody: the password goes through a file.
    const folder = await mkdtemp(join(tmpdir(), 'auxilio-backup-'));
    try {
      const connection = connects ? [`--dbname=${await this.#connection(folder)}`] : [];
      const run = await runTool(path, [...connection, ...args], LIMITS, signal);
      if (run.exitCode !== 0)
        throw new BackupError(`${tool} ended with ${run.exitCode}: ${run.stderr.trim() || 'no message'}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #connection(folder: string): Promise<string> {
    const { address, authority } = this.#options;
    const { host, port, user, password, database, tls } = address;
    const passfile = join(folder, 'pgpass');
    const line = [host, String(port), database, user, password ?? ''].map(escaped).join(':');
    await writeFile(passfile, `${line}\n`, { mode: 0o600 });
    const parts: Record<string, string> = { host, port: String(port), user, dbname: database, passfile };
    if (!host.startsWith('/')) parts['sslmode'] = SSL_MODES[tls];
    if (tls.startsWith('verify')) parts['sslrootcert'] = authority === '' ? 'system' : authority;
    return Object.entries(parts)
      .map(([key, value]) => `${key}=${quoted(value)}`)
      .join(' ');
  }
}

/** A pattern that matches the one schema of this name. */
const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
