export { openSentryChannel } from './sentry-channel.ts';
export { openSentryReporter } from './sentry-reporter.ts';
