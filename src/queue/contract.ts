/** What a queue is: tasks in lanes, handed out at least once, acknowledged after work. */
import type { CrashId } from '../model/crash-id.ts';
import type { CallOptions } from '../model/report.ts';

/** In the order they are served; none starves the next: see the queue conformance suite, "lanes". */
export const LANES = ['priority', 'standard', 'reprocessing'] as const;
export type Lane = (typeof LANES)[number];

export interface CrashTask {
  readonly crashId: CrashId;
  /** Rule set to run; `default` when absent. */
  readonly ruleset?: string;
}

export interface Delivery<T> {
  readonly task: T;
  readonly lane: Lane;
  /** 1 on first delivery; counts `retry` and processes that died with the task in hand, never `postpone`. */
  readonly attempt: number;
}

/** What became of a delivery. A throw is `retry`, or `postpone` when the error says `retryable: true`. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The crash's own fault: counts. Without a delay the queue's back-off decides. */
  | { readonly kind: 'retry'; readonly reason: string; readonly delayMs?: number }
  /**
   * An engine is down: does not count. The task stays in hand, the consumer pauses until `resume` resolves (without
   * it, for growing pauses of its own), then the same task is handed out again. With a delay it goes back into its lane
   * for so long instead, and the consumer goes on: an engine fails, and perhaps for this task alone.
   */
  | { readonly kind: 'postpone'; readonly reason: string; readonly delayMs?: number }
  | { readonly kind: 'dead'; readonly reason: string };

export interface DeadTask<T> {
  /** Null for what could not be read as a task; `found` shows it. Such an entry can be removed, not requeued. */
  readonly task: T | null;
  readonly found?: string;
  readonly lane: Lane;
  readonly attempts: number;
  readonly reason: string;
  /** ISO 8601. */
  readonly diedAt: string;
}

export type DeadSelection = { readonly ids: readonly CrashId[] } | 'all';

export interface Publisher<T> {
  /** Resolves once the queue holds the task durably. */
  publish(task: T, lane: Lane, options?: CallOptions): Promise<void>;
}

export interface ConsumeOptions {
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** After a `postpone`: resolves when the engines are back. The consumer takes nothing until then. */
  readonly resume?: (options: { readonly signal: AbortSignal }) => Promise<void>;
}

export type Handler<T> = (
  delivery: Delivery<T>,
  options: { readonly signal: AbortSignal },
) => Promise<Outcome>;

export interface Consumer<T> {
  /**
   * Hands deliveries to `handle`, at most `concurrency` at once, until `signal` aborts; then takes no more, waits
   * for those in hand and resolves. The signal given to `handle` is not the consumer's: it aborts only when the
   * task's lease was lost. Rejects only when the queue is lost for good.
   */
  consume(handle: Handler<T>, options: ConsumeOptions): Promise<void>;
}

export interface TaskQueue<T> extends Publisher<T>, Consumer<T> {
  readonly name: string;
  /** Tasks waiting, delayed or in hand. */
  depth(lane: Lane, options?: CallOptions): Promise<number>;
  /** Oldest first. */
  listDead(options?: CallOptions): AsyncIterable<DeadTask<T>>;
  /** Puts dead tasks back with a fresh count of attempts: those given, or all. Returns how many. */
  requeueDead(which: DeadSelection, options?: CallOptions): Promise<number>;
  /** Forgets dead tasks: those given, or all, unreadable ones too. Returns how many. */
  removeDead(which: DeadSelection, options?: CallOptions): Promise<number>;
  /** Removes all tasks of the crash, dead ones and those in hand too: for erasure. A handler at work on it is aborted. */
  forget(id: CrashId, options?: CallOptions): Promise<boolean>;
  /** Rejects when tasks cannot be published now. */
  health(options?: CallOptions): Promise<void>;
  /** Stops consumers, waits for what they and other callers have in hand, lets go. May be called twice. */
  close(options?: CallOptions): Promise<void>;
}

export type CrashQueue = TaskQueue<CrashTask>;

export type QueueErrorCode = 'unavailable' | 'full' | 'aborted' | 'closed' | 'invalid' | 'internal';

export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, detail: string, options: { readonly cause?: unknown } = {}) {
    super(`queue: ${detail} [${code}]`, options);
    this.code = code;
  }
}
