import { type PostgresSettings, postgresSchema } from '../../database/postgres-settings.ts';
import type { SettingsSchema } from '../../lib/settings.ts';
import { type DeliverySettings, deliverySchema } from '../settings.ts';

export interface PostgresQueueSettings extends DeliverySettings, PostgresSettings {
  readonly url: string;
  readonly schema: string;
  /** Milliseconds, both. */
  readonly lease: number;
  readonly poll_interval: number;
}

export const postgresQueueSchema: SettingsSchema<PostgresQueueSettings> = {
  url: {
    doc: 'postgres://USER:PASSWORD@HOST:5432/DATABASE. The same as DATABASE_URL is fine: both share one pool.',
    format: String,
    default: '',
    sensitive: true,
  },
  schema: {
    doc: 'Schema of Postgres that the tables lie in. It is made when the queue is first opened.',
    format: String,
    default: 'auxilio_queue',
  },
  lease: {
    doc: 'How long the tasks of a consumer that shows no sign of life stay its own.',
    format: 'duration',
    default: 60_000,
  },
  poll_interval: {
    doc: 'How often to look for tasks that nobody told us of. Who publishes tells the consumers; while the connection for that is down, they look every second.',
    format: 'duration',
    default: 30_000,
  },
  ...deliverySchema,
  ...postgresSchema,
};
