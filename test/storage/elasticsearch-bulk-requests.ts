/** A bulk writer whose server is a function: each request is answered by the test. */
import { onTestFinished, vi } from 'vitest';
import {
  type BulkLimits,
  type BulkOutcome,
  type BulkSetup,
  BulkWriter,
} from '../../src/storage/elasticsearch/bulk-writer.ts';

export interface Sent {
  readonly lines: readonly string[];
  readonly signal: AbortSignal | undefined;
  answer(outcomes?: readonly BulkOutcome[]): void;
  fail(error: unknown): void;
}

export const OK: BulkOutcome = { status: 201, result: 'created' };
export const FULL: BulkOutcome = { status: 429, error: { type: 'es_rejected_execution_exception' } };

/** A whole request that was answered so. */
export class Answered extends Error {
  readonly outcome: BulkOutcome;
  constructor(outcome: BulkOutcome) {
    super('answered');
    this.outcome = outcome;
  }
}

/** Every request waits until it is answered. The writer, and timers that a test faked, end with the test. */
export function writerWith(limits: Partial<BulkLimits> = {}, rest: Partial<BulkSetup> = {}) {
  const sent: Sent[] = [];
  const writer = new BulkWriter({
    store: 'index',
    limits: { items: 500, bytes: 1e6, waitMs: 20, requests: 1, retries: 3, ...limits },
    send: (lines, { signal }) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly BulkOutcome[]>();
      signal?.addEventListener('abort', () => reject(new Error('request aborted')));
      sent.push({ lines, signal, answer: (o = lines.map(() => OK)) => resolve(o), fail: reject });
      return promise;
    },
    answer: (error) => (error instanceof Answered ? error.outcome : undefined),
    isOverload: ({ status }) => status === 429,
    random: () => 0.5,
    ...rest,
  });
  onTestFinished(() => {
    writer.close();
    vi.useRealTimers();
  });
  return { writer, sent };
}

/** What has an answer goes on, without a timer. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
