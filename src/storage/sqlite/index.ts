import { join } from 'node:path';
import type { SettingsSchema } from '../../lib/settings.ts';
import { defineBackend, type OpenContext } from '../definition.ts';
import { StorageError } from '../errors.ts';
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
  async open(options, context, label) {
    const { name } = context;
    try {
      return await SqliteStorage.open(name, { file: fileOf(options, context) });
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const said = error.message.slice(`${name}: `.length, -` [${error.code}]`.length);
      throw new StorageError(error.code, name, `${said}; see ${label('file')}`, { cause: error });
    }
  },
  upkeep: {
    sweep: (options, context, how) => sweepFile(context.name, fileOf(options, context), how),
    wipe: (options, context, how) => wipeFile(context.name, fileOf(options, context), how),
  },
});
