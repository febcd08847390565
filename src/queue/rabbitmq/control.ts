/**
 * What processes tell each other over the server, because it does not tell what is in their hands: that a task has
 * come, how many they have, and that a crash was removed.
 */
import { randomUUID } from 'node:crypto';
import { raceSignal } from '../../lib/abort.ts';
import type { Log } from '../../lib/log.ts';
import { type CrashId, isCrashId } from '../../model/crash-id.ts';
import { LANES, type Lane } from '../contract.ts';
import type { Timing } from '../timing.ts';
import type { ConsumeSession } from './consuming.ts';
import type { Publishing } from './publishing.ts';
import type { Topology } from './topology.ts';

type Question = { readonly count: true } | { readonly forget: CrashId };

/** Of `count` by lane, of `forget` how many there were. */
export type InHand = Readonly<Record<Lane, number>>;

/** What this process has in hand. Both wait for a task that is just being handed over. */
export interface Hands {
  count(): Promise<InHand>;
  /** Aborts the handlers and acknowledges their tasks. */
  forget(id: CrashId): Promise<InHand>;
}

export interface Answers {
  /** Of all that answered in time, our own among them. */
  readonly sum: InHand;
  /** Processes that should have answered. */
  readonly missing: number;
}

interface Asked {
  readonly onAnswer: (inHand: InHand) => void;
}

export interface ControlParts {
  readonly topology: Topology;
  readonly publishing: Publishing;
  readonly hands: Hands;
  readonly timing: Timing;
  readonly log: Log;
  /** A task has come. */
  readonly onRing: () => void;
}

/** How long the slowest process may take to say what it has in hand. */
const ANSWER_MS = 2_000;
/** Rings within this time are one: a burst of tasks must not become a burst of rings. */
const RING_MS = 10;
const MAX_TOLD_BYTES = 2_000;

export const NOTHING: InHand = { priority: 0, standard: 0, reprocessing: 0 };

export const plus = (a: InHand, b: InHand): InHand => ({
  priority: a.priority + b.priority,
  standard: a.standard + b.standard,
  reprocessing: a.reprocessing + b.reprocessing,
});

export class Control {
  readonly #parts: ControlParts;
  readonly #self = randomUUID();
  readonly #asked = new Map<string, Asked>();
  #ringing: Promise<void> | undefined;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** Wakes idle consumers everywhere. Nobody depends on it: they look from time to time anyway. */
  ring(signal: AbortSignal): void {
    this.#ringing ??= this.#ringSoon(signal).finally(() => {
      this.#ringing = undefined;
    });
  }

  /** Asks every process that listens; the caller says over which connection. */
  async ask(session: ConsumeSession, question: Question): Promise<Answers> {
    const own = await this.#answer(question);
    const others = (await session.present()) - 1;
    if (others <= 0) return { sum: own, missing: 0 };
    const ask = randomUUID();
    const all = Promise.withResolvers<void>();
    let sum = own;
    let answered = 0;
    this.#asked.set(ask, {
      onAnswer: (inHand) => {
        sum = plus(sum, inHand);
        answered += 1;
        if (answered >= others) all.resolve();
      },
    });
    const late = setTimeout(all.resolve, ANSWER_MS);
    try {
      await this.#tell({ ...question, ask, from: this.#self, to: session.inbox });
      await all.promise;
    } finally {
      clearTimeout(late);
      this.#asked.delete(ask);
    }
    return { sum, missing: Math.max(0, others - answered) };
  }

  /** What came over the control exchange, or into our own queue. Never throws. */
  onTold(body: Buffer): void {
    const told = parse(body);
    if (!told || told['from'] === this.#self) return;
    const { ring, ask, to, inHand } = told;
    if (ring === true) this.#parts.onRing();
    else if (typeof ask !== 'string')
      this.#parts.log.warn('something unknown came over the control exchange');
    else if (typeof to !== 'string') this.#asked.get(ask)?.onAnswer(inHandOf(inHand));
    else
      this.#reply(told, ask, to).catch((error: unknown) => {
        this.#parts.log.warn({ err: error }, 'another process could not be answered');
      });
  }

  async #reply(told: Readonly<Record<string, unknown>>, ask: string, to: string): Promise<void> {
    const { forget } = told;
    const isForget = typeof forget === 'string' && isCrashId(forget);
    const inHand = await this.#answer(isForget ? { forget } : { count: true });
    await this.#parts.publishing.tell('', to, encode({ ask, inHand, from: this.#self }));
  }

  #answer(question: Question): Promise<InHand> {
    const { hands } = this.#parts;
    return 'forget' in question ? hands.forget(question.forget) : hands.count();
  }

  async #ringSoon(signal: AbortSignal): Promise<void> {
    try {
      await raceSignal(this.#parts.timing.sleep(RING_MS, { signal }), signal);
      await this.#tell({ ring: true, from: this.#self });
    } catch (error) {
      if (!signal.aborted) this.#parts.log.debug({ err: error }, 'other processes were not woken');
    }
  }

  #tell(told: Readonly<Record<string, unknown>>): Promise<void> {
    return this.#parts.publishing.tell(this.#parts.topology.control, '', encode(told));
  }
}

const encode = (told: Readonly<Record<string, unknown>>): Buffer => Buffer.from(JSON.stringify(told));

function parse(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (body.length > MAX_TOLD_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function inHandOf(value: unknown): InHand {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const counts = LANES.map((lane) => [lane, Number.isSafeInteger(given[lane]) ? Number(given[lane]) : 0]);
  return { ...NOTHING, ...(Object.fromEntries(counts) as Partial<InHand>) };
}
