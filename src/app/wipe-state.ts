/** Empties what is beside the stores: queue, spool, results in hand, transfers, the tables of the database. For development. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { isAborted } from '../lib/abort.ts';
import { listFolder, NodeDisk } from '../lib/disk.ts';
import type { CallOptions } from '../model/report.ts';
import { LANES } from '../queue/contract.ts';
import type { App } from './app.ts';
import { CommandError } from './command.ts';
import { counted } from './rows.ts';
import { transferFolder } from './run-transfer.ts';
import { unsavedFolder } from './unsaved-folder.ts';

/** A step of the wiping, by what it empties. */
export interface StateWipe {
  readonly name: string;
  /** Resolves with a line, or nothing when there was nothing. */
  wipe(options: CallOptions): Promise<string | undefined>;
}

/** Tables of the rooms; the record of migrations is none of them, nor is what stores keep in the same database. */
const ROOM_TABLE = /^(collector|crontabber|processor|web)_/;
/** How long a queue that is emptied task by task may give nothing more. */
const QUIET_MS = 2000;

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function removeIfThere(path: string): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined;
  await new NodeDisk().removeFolder(path);
  return path;
}

async function wipeQueue(app: App, options: CallOptions): Promise<string | undefined> {
  const { backend, options: settings, label } = app.configuration.queue;
  const queue = await app.queue();
  if (backend.wipe) {
    await backend.wipe(settings, { dataDir: app.configuration.dataDir, log: app.log }, label);
    return `queue ${queue.name}`;
  }
  let removed = await queue.removeDead('all', options);
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(), QUIET_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, quiet.signal]) : quiet.signal;
  try {
    await queue.consume(
      async () => {
        removed += 1;
        timer.refresh();
        return { kind: 'done' };
      },
      { concurrency: 32, signal },
    );
  } catch (error) {
    if (!isAborted(error) || options.signal?.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  let left = 0;
  for (const lane of LANES) left += await queue.depth(lane, options);
  if (left > 0)
    throw new CommandError(
      `${counted(left, 'task')} are delayed, or in the hand of a processor; stop it and try again`,
    );
  return `queue ${queue.name}: ${counted(removed, 'task')}`;
}

/** A spool whose collector is at work would write on into nothing. */
async function wipeSpool(app: App): Promise<string | undefined> {
  const { spool } = app.configuration.settings;
  const root = spool.root || join(app.configuration.dataDir, 'spool');
  const leases = join(root, 'leases');
  for (const name of await listFolder(leases)) {
    const held = await stat(join(leases, name)).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs < spool.lease)
      throw new CommandError(
        `${root} is in use: stop the collector, or wait ${Math.ceil(spool.lease / 1000)} s`,
      );
  }
  return removeIfThere(root);
}

async function wipeDatabase(app: App, options: CallOptions): Promise<string | undefined> {
  const tables = (await app.database()).tables<Record<string, never>>();
  const names = (await tables.introspection.getTables())
    .map(({ name }) => name)
    .filter((n) => ROOM_TABLE.test(n));
  await tables.transaction().execute(async (tx) => {
    for (const name of names) await sql`delete from ${sql.table(name)}`.execute(tx);
  });
  return names.length > 0 && !options.signal?.aborted ? `database: ${names.join(', ')}` : undefined;
}

export const stateWipes = (app: App): readonly StateWipe[] => [
  { name: 'spool', wipe: () => wipeSpool(app) },
  { name: 'queue', wipe: (options) => wipeQueue(app, options) },
  { name: 'results that no store took', wipe: () => removeIfThere(unsavedFolder(app.configuration)) },
  { name: 'database', wipe: (options) => wipeDatabase(app, options) },
  { name: 'transfers', wipe: () => removeIfThere(transferFolder(app.configuration)) },
];
