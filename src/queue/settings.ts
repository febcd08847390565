/** Settings that every queue has: how often, how soon and how long a task is handed out. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface DeliverySettings {
  readonly max_attempts: number;
  /** Milliseconds, as all that follow. */
  readonly retry_base: number;
  readonly retry_cap: number;
  readonly postpone_base: number;
  readonly postpone_cap: number;
}

export const deliverySchema: SettingsSchema<DeliverySettings> = {
  max_attempts: {
    doc: 'How often a task is tried before it goes to the dead-letter lane.',
    format: 'nat',
    default: 5,
  },
  retry_base: {
    doc: 'Pause before the second attempt; it doubles with each further one. The real pause is between half of it and all of it.',
    format: 'duration',
    default: 10_000,
  },
  retry_cap: { doc: 'The longest pause between two attempts.', format: 'duration', default: 600_000 },
  postpone_base: {
    doc: 'First pause of a consumer whose engines are down; it doubles while they stay down.',
    format: 'duration',
    default: 250,
  },
  postpone_cap: {
    doc: 'The longest pause of a consumer whose engines are down.',
    format: 'duration',
    default: 30_000,
  },
};
