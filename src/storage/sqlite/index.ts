import { join } from 'node:path';
import type { SettingsSchema } from '../../lib/settings.ts';
import { defineBackend } from '../definition.ts';
import { SQLITE_CAPABILITIES, SqliteStorage } from './sqlite-storage.ts';

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

export default defineBackend<SqliteOptions>({
  use: 'sqlite',
  schema: sqliteStorageSchema,
  capabilities: () => SQLITE_CAPABILITIES,
  open: ({ file }, { name, dataDir }) =>
    SqliteStorage.open(name, { file: file === '' ? join(dataDir, `${name}.db`) : file }),
});
