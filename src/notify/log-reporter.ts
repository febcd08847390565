/** Reports errors to the log and nowhere else. */
import type { Log } from '../lib/log.ts';
import { loggedError } from '../lib/logged-error.ts';
import type { ErrorEvent, ErrorReporter } from './contract.ts';

export class LogReporter implements ErrorReporter {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  report(event: ErrorEvent): void {
    const { service, tags, error, quotesClient } = event;
    // A plain object: an error would be serialised once more, with its message.
    const failure = quotesClient ? { failure: loggedError(error, true) } : { err: error };
    this.#log.error({ service, ...tags, ...failure }, 'unhandled error');
  }

  async close(): Promise<void> {}
}
