/** Settings of the database, section `database`. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface DatabaseSettings {
  readonly url: string;
}

export const databaseSchema: SettingsSchema<DatabaseSettings> = {
  url: {
    doc: 'Database of jobs, users and settings made in the web: sqlite:PATH. Empty: auxilio.db in the data directory.',
    format: String,
    default: '',
    sensitive: true,
  },
};
