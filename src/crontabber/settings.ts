/** The crontabber's settings. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface CrontabberSettings {
  readonly modules: readonly string[];
}

export const crontabberSchema: SettingsSchema<CrontabberSettings> = {
  modules: { doc: 'Jobs from outside, by module path or package name.', format: 'list', default: [] },
};
