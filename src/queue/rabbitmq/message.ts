/**
 * A task as a message. The body is the bare crash id, as the original writes and reads it (socorro.md 3.5), so that its
 * programs may share the queues; all else is in headers.
 */
import { randomUUID } from 'node:crypto';
import type { Message, Options } from 'amqplib';
import { parseCrashId } from '../../model/crash-id.ts';
import { checkTask } from '../check-task.ts';
import { type CrashTask, type DeadTask, LANES, type Lane, QueueError } from '../contract.ts';
import type { Past } from '../death.ts';

const RULESET = 'auxilio-ruleset';
const USED = 'auxilio-used';
const SUSPECT = 'auxilio-suspect';
const LANE = 'auxilio-lane';
const REASON = 'auxilio-reason';
const DIED_AT = 'auxilio-died-at';
const DUE = 'auxilio-due';
const UNREADABLE = 'auxilio-unreadable';

const MAX_REASON = 2_000;
/** Of what is no task; shown, and kept with the dead. */
const MAX_FOUND = 1_000;
const MAX_USED = 1_000_000;
/** The server takes 32 bits: 49 days. */
const LONGEST_DELAY_MS = 2 ** 32 - 1;

export interface Outgoing {
  readonly queue: string;
  readonly body: Buffer;
  readonly options: Options.Publish & { readonly messageId: string };
}

/** What a lane's message says. */
export interface Found extends Past {
  readonly task: CrashTask;
}

type Headers = Readonly<Record<string, unknown>>;

const headersOf = (message: Message): Headers => (message.properties.headers ?? {}) as Headers;

function outgoing(queue: string, body: Buffer, headers: Headers, options: Options.Publish = {}): Outgoing {
  return {
    queue,
    body,
    options: {
      ...options,
      headers,
      persistent: true,
      mandatory: true,
      // Of the sending, not of the task: by it a message that comes back is known.
      messageId: randomUUID(),
      timestamp: Math.floor(Date.now() / 1000),
    },
  };
}

const taskHeaders = (task: CrashTask, used: number, isSuspect = false): Headers => ({
  ...(task.ruleset === undefined ? {} : { [RULESET]: task.ruleset }),
  ...(used === 0 ? {} : { [USED]: used }),
  ...(isSuspect ? { [SUSPECT]: true } : {}),
});

const livesFor = (ms: number): Options.Publish => ({
  expiration: String(Math.ceil(Math.min(ms, LONGEST_DELAY_MS))),
});

const FRESH: Past = { used: 0, isSuspect: false };

export const taskMessage = (queue: string, task: CrashTask, { used, isSuspect } = FRESH): Outgoing =>
  outgoing(queue, Buffer.from(task.crashId), taskHeaders(task, used, isSuspect));

/** To a queue from which the task falls into its lane after `delayMs`, at least a millisecond. */
export const delayedMessage = (
  queue: string,
  { task, used, isSuspect }: Found,
  delayMs: number,
  now: number,
): Outgoing =>
  outgoing(
    queue,
    Buffer.from(task.crashId),
    { ...taskHeaders(task, used, isSuspect), [DUE]: now + delayMs },
    livesFor(delayMs),
  );

export interface Death {
  readonly queue: string;
  readonly lane: Lane;
  readonly used: number;
  readonly reason: string;
  readonly now: number;
}

/** `body`: of what is no task. */
export function deadMessage(death: Death, dead: CrashTask | Buffer): Outgoing {
  const isTask = !Buffer.isBuffer(dead);
  return outgoing(death.queue, isTask ? Buffer.from(dead.crashId) : dead.subarray(0, MAX_FOUND), {
    ...(isTask ? taskHeaders(dead, death.used) : { [UNREADABLE]: true }),
    [LANE]: death.lane,
    [REASON]: death.reason.slice(0, MAX_REASON),
    [DIED_AT]: new Date(death.now).toISOString(),
  });
}

const DELIVERIES = 'x-delivery-count';

/**
 * The same once more, at the end of its queue; what was still to wait goes on waiting. Without the server's own notes:
 * it drops what seems to go round in circles.
 */
export function copyOf(message: Message, queue: string, now: number): Outgoing {
  const headers = Object.entries(headersOf(message)).filter(([name]) => !name.startsWith('x-'));
  const { expiration } = message.properties as { readonly expiration?: unknown };
  const due = Number(headersOf(message)[DUE]);
  const left = Number.isFinite(due) ? Math.max(1, due - now) : Number(expiration);
  const options = expiration === undefined ? {} : livesFor(left);
  return outgoing(queue, message.content, Object.fromEntries(headers), options);
}

/** How often the server has got it back without an answer. It does not say why. */
export const returnsOf = (message: Message): number => {
  const count = headersOf(message)[DELIVERIES];
  return typeof count === 'number' ? count : Number(message.fields.redelivered);
};

/** By what a message is known again when it comes back. The original gives its messages no id. */
export const keyOf = (message: Message): string =>
  typeof message.properties.messageId === 'string'
    ? message.properties.messageId
    : message.content.toString('latin1', 0, MAX_FOUND);

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? Math.min(value, MAX_USED)
    : 0;
}

/** Undefined for what is no task. */
export function parseTask(message: Message): Found | undefined {
  const headers = headersOf(message);
  const crashId = parseCrashId(message.content.toString('latin1', 0, MAX_FOUND).trim());
  const ruleset = headers[RULESET];
  if (!crashId || (ruleset !== undefined && typeof ruleset !== 'string')) return undefined;
  const task: CrashTask = Object.freeze(ruleset === undefined ? { crashId } : { crashId, ruleset });
  try {
    checkTask(task, 'standard');
  } catch (error) {
    if (error instanceof QueueError) return undefined;
    throw error;
  }
  return { task, used: countOf(headers[USED]), isSuspect: headers[SUSPECT] === true };
}

const isLane = (value: unknown): value is Lane => LANES.some((lane) => lane === value);

function diedAt(message: Message): string {
  const text = headersOf(message)[DIED_AT];
  const { timestamp } = message.properties as { readonly timestamp?: unknown };
  const time = typeof text === 'string' ? Date.parse(text) : Number(timestamp) * 1000;
  const date = new Date(time);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}

/** Also of what others have put there: it then has no reason of ours, and no lane. */
export function parseDead(message: Message): DeadTask<CrashTask> {
  const headers = headersOf(message);
  const found = headers[UNREADABLE] === true ? undefined : parseTask(message);
  const { [LANE]: lane, [REASON]: reason } = headers;
  return {
    task: found?.task ?? null,
    ...(found ? {} : { found: message.content.toString('utf8', 0, MAX_FOUND) }),
    lane: isLane(lane) ? lane : 'standard',
    attempts: found?.used ?? 0,
    reason: typeof reason === 'string' ? reason : 'no reason was given',
    diedAt: diedAt(message),
  };
}
