/** A message to every alert channel, to see it arrive. */
import { hostname } from 'node:os';
import { systemClock } from '../../../lib/clock.ts';
import { type CommandContext, CommandError } from '../../command.ts';
import { withApp } from '../../with-app.ts';

const LIMIT_MS = 30_000;

export const run = (context: CommandContext): Promise<number> =>
  withApp(context, async (app) => {
    const { channels } = await app.alerts();
    if (channels.length === 0)
      throw new CommandError(
        'no alert channel is configured: set ALERT_SMTP_URL, ALERT_WEBHOOK_URL or SENTRY_DSN',
      );
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(LIMIT_MS)]);
    const text = 'a test message of crontabber --sentrytest';
    let failures = 0;
    for (const channel of channels) {
      try {
        await channel.send(
          { service: 'crontabber', host: hostname(), at: systemClock.now(), text },
          { signal },
        );
        context.print(`${channel.label}: sent`);
      } catch (error) {
        if (context.signal.aborted) throw error;
        failures += 1;
        context.warn(`${channel.label}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return failures > 0 ? 1 : 0;
  });
