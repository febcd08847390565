/**
 * A queue on a RabbitMQ server, shared with as many processes as one likes; `topology.ts` says what lies where. What
 * moves is confirmed in its new place before it is acknowledged in the old one: a cut in between makes it come twice.
 */
import type { ChannelModel } from 'amqplib';
import type { Log } from '../../lib/log.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { Bell } from '../bell.ts';
import { checkTask } from '../check-task.ts';
import type {
  ConsumeOptions,
  CrashQueue,
  CrashTask,
  DeadSelection,
  DeadTask,
  Handler,
  Lane,
} from '../contract.ts';
import { Dispatcher } from '../dispatcher.ts';
import { Lifecycle } from '../lifecycle.ts';
import { metrics } from '../metrics.ts';
import { systemTiming, type Timing } from '../timing.ts';
import { withConnection } from './connecting.ts';
import { type ConsumeSession, consumingLink } from './consuming.ts';
import { Control } from './control.ts';
import { DeadLetters } from './dead-letters.ts';
import { toQueueError } from './failures.ts';
import { Forgetting } from './forgetting.ts';
import type { Link } from './link.ts';
import { taskMessage } from './message.ts';
import { Publishing } from './publishing.ts';
import type { RabbitSettings } from './settings.ts';
import { RabbitTasks } from './tasks.ts';
import { Topology } from './topology.ts';
import { Walking } from './walking.ts';

export interface RabbitQueueParts {
  readonly settings: RabbitSettings;
  readonly log: Log;
  readonly timing?: Timing;
}

export class RabbitQueue implements CrashQueue {
  readonly name = 'rabbitmq';
  readonly #settings: RabbitSettings;
  readonly #log: Log;
  readonly #timing: Timing;
  readonly #topology: Topology;
  readonly #life = new Lifecycle(toQueueError);
  readonly #bell: Bell;
  readonly #publishing: Publishing;
  readonly #consuming: Link<ConsumeSession>;
  readonly #tasks: RabbitTasks;
  readonly #control: Control;
  readonly #dead: DeadLetters;
  readonly #forgetting: Forgetting;

  private constructor({ settings, log, timing = systemTiming }: RabbitQueueParts) {
    this.#settings = settings;
    this.#log = log;
    this.#timing = timing;
    const topology = new Topology(settings);
    this.#topology = topology;
    this.#bell = new Bell(timing);
    const shared = { settings, log, timing, topology };
    const publishing = new Publishing(shared);
    this.#publishing = publishing;
    const link = consumingLink({
      ...shared,
      onTold: (body) => this.#control.onTold(body),
      onUp: () => this.#bell.ring(),
      onDown: (session) => this.#tasks.onDown(session),
    });
    this.#consuming = link;
    const onRing = (): void => this.#bell.ring();
    this.#tasks = new RabbitTasks({ ...shared, link, publishing, onChange: onRing });
    this.#control = new Control({ ...shared, publishing, hands: this.#tasks, onRing });
    const walking = new Walking({ ...shared, link });
    this.#dead = new DeadLetters({ ...shared, walking, publishing });
    this.#forgetting = new Forgetting({
      ...shared,
      walking,
      publishing,
      control: this.#control,
      dead: this.#dead,
    });
  }

  /** Rejects with `SettingsError`, or `QueueError`: `invalid` when a setting does not fit the server, `unavailable`. */
  static async open(parts: RabbitQueueParts): Promise<RabbitQueue> {
    const queue = new RabbitQueue(parts);
    await queue.withConnection((model) => queue.#topology.declareOn(model));
    return queue;
  }

  publish(task: CrashTask, lane: Lane, options?: CallOptions): Promise<void> {
    return this.#life.call(options, async () => {
      checkTask(task, lane);
      await this.#publishing.send(taskMessage(this.#topology.lanes[lane], task));
      metrics.count('queue_published', { lane });
      this.#ring();
    });
  }

  consume(handle: Handler<CrashTask>, options: ConsumeOptions): Promise<void> {
    return this.#life.consume(options.signal, async (signal) => {
      this.#consuming.start();
      await new Dispatcher(
        {
          source: this.#tasks,
          bell: this.#bell,
          settings: this.#settings,
          timing: this.#timing,
          log: this.#log,
          nameOf: (task: CrashTask) => ({ crashId: task.crashId }),
        },
        handle,
        { ...options, signal },
      ).run();
    });
  }

  /** Counted twice around what is in hand: a task that moves meanwhile may count double, but never not at all. */
  depth(lane: Lane, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const session = await this.#consuming.session();
      const before = await this.#ready(session, lane);
      const { sum, missing } = await this.#control.ask(session, { count: true });
      if (missing > 0)
        this.#log.warn({ lane, missing }, 'processes did not say what they have in hand; it is not counted');
      const after = await this.#ready(session, lane);
      return before.reduce((total, count, at) => total + Math.max(count, after[at] ?? 0), sum[lane]);
    });
  }

  listDead(options?: CallOptions): AsyncIterable<DeadTask<CrashTask>> {
    return this.#life.iterate(options, () => this.#dead.list(options));
  }

  requeueDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, async () => {
      const count = await this.#dead.requeue(which, options);
      if (count > 0) this.#ring();
      return count;
    });
  }

  removeDead(which: DeadSelection, options?: CallOptions): Promise<number> {
    return this.#life.call(options, () => this.#dead.remove(which, options));
  }

  forget(id: CrashId, options?: CallOptions): Promise<boolean> {
    return this.#life.call(options, () => this.#forgetting.forget(id, options));
  }

  /** Both ways: what is sent would be taken, and the lanes are there. */
  health(options?: CallOptions): Promise<void> {
    return this.#life.call(options, () => this.#publishing.health());
  }

  /** A connection of its own for one piece of work, closed whatever happens. */
  withConnection<T>(
    work: (model: ChannelModel, options: CallOptions) => Promise<T>,
    options?: CallOptions,
  ): Promise<T> {
    const parts = { settings: this.#settings, log: this.#log, purpose: 'for once' };
    return this.#life.call(options, () => withConnection(parts, work, options));
  }

  async close(_options?: CallOptions): Promise<void> {
    await this.#life.close();
    await this.#consuming.close();
    await this.#publishing.close();
  }

  #ring(): void {
    this.#bell.ring();
    this.#control.ring(this.#life.closing);
  }

  async #ready(session: ConsumeSession, lane: Lane): Promise<number[]> {
    const counts: number[] = [];
    for (const queue of [this.#topology.lanes[lane], ...this.#topology.delayQueues(lane)])
      counts.push(await session.ready(queue));
    return counts;
  }
}
