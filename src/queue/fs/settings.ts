import type { SettingsSchema } from '../../lib/settings.ts';
import { type DeliverySettings, deliverySchema } from '../settings.ts';

export interface FsQueueSettings extends DeliverySettings {
  readonly root: string;
  /** Milliseconds, both. */
  readonly lease: number;
  readonly poll_interval: number;
}

export const fsQueueSchema: SettingsSchema<FsQueueSettings> = {
  root: { doc: 'Folder of the queue. Empty: `queue` in the data folder.', format: String, default: '' },
  lease: {
    doc: 'How long the tasks of a consumer that shows no sign of life stay its own. A process that was killed on this machine is noticed within seconds.',
    format: 'duration',
    default: 60_000,
  },
  poll_interval: {
    doc: 'How soon a task is noticed that another process has published; those of the same process are noticed at once.',
    format: 'duration',
    default: 1_000,
  },
  ...deliverySchema,
};
