/** The other end of a SQLite worker: requests out, answers in. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DatabaseError, fromSqlite } from './errors.ts';
import type { Answers, Envelope, Reply, Request, WorkerOptions } from './sqlite-protocol.ts';

/** A worker has nothing but the rows in hand on its heap; blobs lie outside it. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 } as const;

interface Waiting {
  resolve(answer: Answers[keyof Answers]): void;
  reject(error: unknown): void;
}

export class SqliteThread {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #next = 0;
  #dead: DatabaseError | undefined;

  constructor(options: WorkerOptions) {
    this.#path = options.path;
    // The built package has .js where the sources have .ts; tsc does not look into URL strings.
    const file = `./sqlite-worker${extname(new URL(import.meta.url).pathname)}`;
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: options,
      resourceLimits: HEAP,
      name: `sqlite-${options.role}`,
    });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (cause) => this.#die(cause));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#die(undefined);
        resolve();
      });
    });
  }

  /** False when the thread is gone; then a new one must be started. */
  get alive(): boolean {
    return this.#dead === undefined;
  }

  ask<K extends keyof Answers>(request: Extract<Request, { kind: K }>): Promise<Answers[K]> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = this.#next;
    this.#next += 1;
    return new Promise<Answers[K]>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      try {
        this.#worker.postMessage({ id, request } satisfies Envelope);
      } catch (cause) {
        this.#waiting.delete(id);
        reject(new DatabaseError('invalid', `${this.#path}: a value cannot be stored`, { cause }));
      }
    });
  }

  /** Closes the connection and waits until the thread has ended. */
  async close(): Promise<void> {
    try {
      if (this.alive) await this.ask({ kind: 'close' });
    } finally {
      await this.#worker.terminate();
      await this.#ended;
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('failure' in reply) waiting?.reject(fromSqlite(this.#path, reply.failure));
    else waiting?.resolve(reply.answer);
  }

  #die(cause: unknown): void {
    this.#dead ??= new DatabaseError('unavailable', `${this.#path}: the SQLite thread ended`, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead);
    this.#waiting.clear();
  }
}
