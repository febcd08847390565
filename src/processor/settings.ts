/** The processor's settings. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface ProcessorSettings {
  readonly concurrency: number;
  readonly task_timeout: number;
  readonly rules: readonly string[];
}

export const processorSchema: SettingsSchema<ProcessorSettings> = {
  concurrency: { doc: 'Crashes processed at once; as many as cores is best.', format: 'nat', default: 2 },
  task_timeout: {
    doc: 'Longest time for one crash; a longer one is retried, then dead-lettered.',
    format: 'duration',
    default: 600_000,
  },
  rules: { doc: 'Rules from outside, by module path or package name.', format: 'list', default: [] },
};
