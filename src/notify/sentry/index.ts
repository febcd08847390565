export { openSentryReporter } from './sentry-reporter.ts';
