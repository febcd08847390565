/** Settings of the database, section `database`. */
import type { SettingsSchema } from '../lib/settings.ts';
import { type PostgresSettings, postgresSchema } from './postgres-settings.ts';

export interface DatabaseSettings extends PostgresSettings {
  readonly url: string;
}

export const databaseSchema: SettingsSchema<DatabaseSettings> = {
  url: {
    doc: 'Database of jobs, users and settings made in the web: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME. Empty: auxilio.db in the data directory.',
    format: String,
    default: '',
    sensitive: true,
  },
  ...postgresSchema,
};
