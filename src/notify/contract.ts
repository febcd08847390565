/** Where alerts and unhandled errors go. */

export interface ErrorEvent {
  readonly service: string;
  readonly error: unknown;
  /** Public facts only: crash id, rule, job, route. Never annotation values. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Its message may quote what a client sent: then not even the log gets it. */
  readonly quotesClient?: boolean;
}

/** Reporting never throws and never waits for the network: failures are logged and counted. */
export interface ErrorReporter {
  report(event: ErrorEvent): void;
  /** Waits, within its own limit, for what is on its way. */
  close(): Promise<void>;
}
