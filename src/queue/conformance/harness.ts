/** What a queue must bring along to be put through the conformance suite, and what the cases are made of. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runner } from '../../lib/conformance-runner.ts';
import { type CrashId, createCrashId } from '../../model/crash-id.ts';
import type { CrashQueue, CrashTask, DeadTask, Delivery, Handler, Outcome } from '../contract.ts';
import type { DeliverySettings } from '../settings.ts';

export type { Runner } from '../../lib/conformance-runner.ts';

/** A fresh, empty queue. */
export interface OpenedQueue {
  readonly queue: CrashQueue;
  /** A second object on the same tasks, as another process would have. Absent when the tasks are in the object itself. */
  another?(): Promise<CrashQueue>;
  /** Opens the same tasks once more, after `queue` was closed. Absent when nothing survives a close. */
  reopen?(): Promise<CrashQueue>;
  /**
   * With what another process opens the same tasks: a module (URL) whose default export is the backend. Absent when
   * no task outlives its process.
   */
  readonly elsewhere?: {
    readonly module: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly dataDir: string;
  };
  /** Closes what is still open and removes the tasks. */
  dispose(): Promise<void>;
}

export interface QueueHarness {
  readonly use: string;
  /** What `open` does not give: cases that need it are skipped and say so. */
  readonly lacks: readonly ('another' | 'reopen' | 'elsewhere')[];
  /** The server that it runs against, with its version (`Cassandra 5.0.9`); absent for what is embedded. */
  readonly engine?: string | undefined;
  /** Why its engine cannot be had here: then every case is skipped and says so. */
  readonly missing?: string | undefined;
  /** `settings` are to be honoured: with the defaults the suite would take an hour. */
  open(settings: DeliverySettings): Promise<OpenedQueue>;
}

export const SETTINGS: DeliverySettings = {
  max_attempts: 3,
  retry_base: 20,
  retry_cap: 60,
  postpone_base: 4,
  postpone_cap: 20,
};

export interface CaseOptions {
  readonly needs?: 'another' | 'reopen' | 'elsewhere';
  readonly settings?: Partial<DeliverySettings>;
}

export type Case = readonly [
  title: string,
  body: (queue: CrashQueue, opened: Required<OpenedQueue>) => Promise<void>,
  options?: CaseOptions,
];

const WHY_NOT = {
  another: 'its tasks live in one object',
  reopen: 'nothing survives its close',
  elsewhere: 'no task outlives its process',
} as const;

/** Declares a case on a fresh queue; skipped with its reason when the queue cannot do what it `needs`. */
export function declare(runner: Runner, harness: QueueHarness, [title, body, options]: Case): void {
  const { needs, settings } = options ?? {};
  if (needs && harness.lacks.includes(needs)) {
    runner.it.skip(`${title} (skipped: ${WHY_NOT[needs]})`, async () => undefined);
    return;
  }
  const run = async (): Promise<void> => {
    const opened = await harness.open({ ...SETTINGS, ...settings });
    try {
      assert.ok(!needs || opened[needs], `the harness neither gives \`${needs}\` nor lacks it`);
      await body(opened.queue, opened as Required<OpenedQueue>);
    } finally {
      await opened.dispose();
    }
  };
  runner.it(title, run, 60_000);
}

export const DONE: Outcome = { kind: 'done' };

export const newTask = (): CrashTask => ({ crashId: createCrashId(new Date()) });

export const newTasks = (count: number): CrashTask[] => Array.from({ length: count }, newTask);

export const idsOf = (tasks: readonly CrashTask[]): CrashId[] => tasks.map((task) => task.crashId);

/** A consumer that is running; `stop` ends it and passes on what went wrong in it. */
export interface Running {
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
}

export function start(
  queue: CrashQueue,
  handle: Handler<CrashTask>,
  options: {
    readonly concurrency?: number;
    readonly resume?: (o: { readonly signal: AbortSignal }) => Promise<void>;
  } = {},
): Running {
  const controller = new AbortController();
  const { concurrency = 1, resume } = options;
  const stopped = queue.consume(handle, {
    concurrency,
    signal: controller.signal,
    ...(resume ? { resume } : {}),
  });
  return {
    stopped,
    stop() {
      controller.abort();
      return stopped;
    },
  };
}

/** Waits until something holds, as long as it takes within 20 s. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `waited in vain until ${what}`);
    await delay(2);
  }
}

/** Consumes until `count` deliveries have ended; answers them in their order. */
export async function consumeSome(
  queue: CrashQueue,
  count: number,
  outcome: (delivery: Delivery<CrashTask>) => Outcome | Promise<Outcome> = () => DONE,
  concurrency = 1,
): Promise<Delivery<CrashTask>[]> {
  const seen: Delivery<CrashTask>[] = [];
  const enough = new AbortController();
  await queue.consume(
    async (delivery) => {
      seen.push(delivery);
      if (seen.length >= count) enough.abort();
      return outcome(delivery);
    },
    { concurrency, signal: enough.signal },
  );
  return seen;
}

export async function deadOf(queue: CrashQueue): Promise<DeadTask<CrashTask>[]> {
  const dead: DeadTask<CrashTask>[] = [];
  for await (const one of queue.listDead()) dead.push(one);
  return dead;
}

export async function totalDepth(queue: CrashQueue): Promise<number> {
  const depths = [
    await queue.depth('priority'),
    await queue.depth('standard'),
    await queue.depth('reprocessing'),
  ];
  return depths.reduce((a, b) => a + b, 0);
}

/** Asserts that a call rejects with a code. */
export async function rejectsWith(code: string, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.equal((error as { readonly code?: unknown }).code, code);
    return true;
  });
}
