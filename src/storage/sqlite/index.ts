import { join } from 'node:path';
import type { SettingsSchema } from '../../lib/settings.ts';
import { defineBackend, type OpenContext } from '../definition.ts';
import { SQLITE_CAPABILITIES, SqliteStorage } from './sqlite-storage.ts';
import { sweepFile, wipeFile } from './upkeep.ts';

interface SqliteOptions {
  readonly file: string;
}

export const sqliteStorageSchema: SettingsSchema<SqliteOptions> = {
  file: {
    doc: 'Path of the SQLite file; made when missing. Empty: the name of the store + .db in the data directory.',
    format: String,
    default: '',
  },
};

const fileOf = ({ file }: SqliteOptions, { name, dataDir }: OpenContext): string =>
  file === '' ? join(dataDir, `${name}.db`) : file;

export default defineBackend<SqliteOptions>({
  use: 'sqlite',
  schema: sqliteStorageSchema,
  capabilities: () => SQLITE_CAPABILITIES,
  open: (options, context) => SqliteStorage.open(context.name, { file: fileOf(options, context) }),
  upkeep: {
    sweep: (options, context, how) => sweepFile(context.name, fileOf(options, context), how),
    wipe: (options, context, how) => wipeFile(context.name, fileOf(options, context), how),
  },
});
