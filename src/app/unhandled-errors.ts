/** Errors of services that nobody caught: log and reporter hear of them, and the process ends in order if it can. */
import type { ErrorReporter } from '../notify/contract.ts';

/** What is in hand may take this long to come to an end; after that the process ends as it stands. */
const LIMIT_MS = 20_000;

export interface UnhandledErrors {
  /** Stops listening. */
  close(): void;
}

/**
 * After an error that nobody caught nothing in the process can be relied on (https://nodejs.org/api/process.html#warning-using-uncaughtexception-correctly),
 * so `fail` is told to stop the services; a second error ends the process at once. Both end with exit code 1.
 */
export function reportUnhandled(
  reporter: ErrorReporter,
  service: string,
  fail: (error: unknown) => void,
): UnhandledErrors {
  let limit: NodeJS.Timeout | undefined;
  const onError = (error: unknown): void => {
    reporter.report({ service, error });
    if (limit) process.exit(1);
    limit = setTimeout(() => process.exit(1), LIMIT_MS);
    fail(error);
  };
  process.on('uncaughtException', onError).on('unhandledRejection', onError);
  return {
    close() {
      clearTimeout(limit);
      process.off('uncaughtException', onError).off('unhandledRejection', onError);
    },
  };
}
