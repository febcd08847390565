/** The server takes back what is in hand for too long; a task may take no longer than that. */
import { SettingsError } from '../../lib/settings.ts';
import { settingName } from './address.ts';
import type { RabbitSettings } from './settings.ts';

/** The server looks for late ones once a minute, and the outcome has to be told within the time, too. */
const MARGIN_MS = 60_000;

const minutes = (ms: number): string => `${Math.round(ms / 6_000) / 10} min`;

/**
 * Neither AMQP nor the management API tells `consumer_timeout`, so that a setting says what it is; 0 when the server
 * has none. Throws `SettingsError`.
 */
export function checkConsumerTimeout(settings: RabbitSettings, longestTaskMs: number): void {
  const { consumer_timeout } = settings;
  if (consumer_timeout === 0 || longestTaskMs + MARGIN_MS <= consumer_timeout) return;
  throw new SettingsError(
    `${settingName('consumer_timeout')}: RabbitMQ takes a task back after ${minutes(consumer_timeout)}, but one may take ${minutes(longestTaskMs)} (PROCESSOR_TASK_TIMEOUT), and a minute is needed on top; raise consumer_timeout in rabbitmq.conf and set ${settingName('consumer_timeout')} to the same, or lower PROCESSOR_TASK_TIMEOUT`,
  );
}
