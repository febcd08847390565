/** What a conformance suite needs of a test runner: vitest's `describe` and `it` fit as they are. */
export interface Runner {
  describe(title: string, body: () => void): void;
  readonly it: {
    (title: string, body: () => Promise<void>, timeoutMs?: number): void;
    skip(title: string, body: () => Promise<void>, timeoutMs?: number): void;
  };
}

/** The same runner; or, with a reason, one that skips every test and says why. */
export function unlessMissing(runner: Runner, missing: string | undefined): Runner {
  if (missing === undefined) return runner;
  const skip: Runner['it']['skip'] = (title, _body, timeoutMs) =>
    runner.it.skip(`${title} (skipped: ${missing})`, async () => undefined, timeoutMs);
  return { describe: (title, body) => runner.describe(title, body), it: Object.assign(skip, { skip }) };
}
