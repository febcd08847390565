/** The page of a crash that is not processed yet: looking at it moves it to the front. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CrashId } from '../../model/crash-id.ts';
import type { RawCrash } from '../../model/report.ts';
import type { CrashTask, DeadTask } from '../../queue/contract.ts';
import { pendingPage } from '../pages/pending.ts';
import { PriorityRequests } from '../priority.ts';
import { describeFailure, WAITS, withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';

/** A crash that came in this lately is not among the dead. */
const FRESH_MS = 30_000;
const DEAD_LOOKED_AT = 1000;

export class PendingPages {
  readonly #pages: Pages;
  readonly #priority: PriorityRequests;

  constructor(pages: Pages) {
    this.#pages = pages;
    this.#priority = new PriorityRequests(pages.deps.queue, pages.deps.clock);
  }

  showSpooled(request: FastifyRequest, reply: FastifyReply, id: CrashId): FastifyReply {
    const now = this.#pages.deps.clock.now();
    return this.#pages.send(request, reply, pendingPage({ id, where: 'spooled', seesReasons: false, now }));
  }

  /** A crash that the processor gave up stays given up: looking at it does not try poison again. */
  async showStored(request: FastifyRequest, reply: FastifyReply, raw: RawCrash): Promise<FastifyReply> {
    const now = this.#pages.deps.clock.now();
    const { id, receivedAt } = raw;
    const fresh = now.getTime() - Date.parse(receivedAt) < FRESH_MS;
    const dead = fresh ? undefined : await this.#deadLetter(id);
    const page = pendingPage({
      id,
      where: 'stored',
      deferred: raw.metadata.outcome === 'deferred',
      receivedAt,
      failure: dead ? undefined : await this.#hurry(id),
      dead,
      seesReasons: this.#pages.visitor(request).known,
      now,
    });
    return this.#pages.send(request, reply, page);
  }

  /** Undefined, or one line that says why it could not be moved to the front. */
  async #hurry(id: CrashId): Promise<string | undefined> {
    try {
      await withinTime((options) => this.#priority.ask(id, options), 'extra');
      return undefined;
    } catch (error) {
      this.#pages.deps.log.warn({ err: error, crashId: id }, 'crash could not be put into the priority lane');
      return describeFailure(error, 'The queue');
    }
  }

  async #deadLetter(id: CrashId): Promise<DeadTask<CrashTask> | undefined> {
    const { queue, log } = this.#pages.deps;
    let looked = 0;
    try {
      for await (const dead of queue.listDead({ signal: AbortSignal.timeout(WAITS.extra) })) {
        if (dead.task?.crashId === id) return dead;
        looked += 1;
        if (looked >= DEAD_LOOKED_AT) return undefined;
      }
    } catch (error) {
      log.warn({ err: error, crashId: id }, 'dead letters could not be listed');
    }
    return undefined;
  }
}
