/** Writes that come at the same time share one transaction, and so one fsync. */
import { AbortedError } from '../lib/abort.ts';
import { DatabaseError, fromSqlite } from './errors.ts';
import type { FairLock } from './fair-lock.ts';
import type { Statement, StatementResult } from './sqlite-protocol.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/** Larger groups keep other processes from writing for too long. */
const UNITS = 256;
const GROUP_BYTES = 8 * 1024 * 1024;

interface Pending {
  readonly statements: readonly Statement[];
  readonly bytes: number;
  resolve(results: readonly StatementResult[]): void;
  reject(error: unknown): void;
}

const bytesOf = (statements: readonly Statement[]): number => {
  let bytes = 0;
  for (const { parameters = [] } of statements) {
    for (const p of parameters) bytes += typeof p === 'string' || p instanceof Uint8Array ? p.length : 8;
  }
  return bytes;
};

export class GroupCommit {
  readonly #path: string;
  readonly #lock: FairLock;
  readonly #writer: () => SqliteThread;
  readonly #pending: Pending[] = [];
  #running = false;

  constructor(path: string, lock: FairLock, writer: () => SqliteThread) {
    this.#path = path;
    this.#lock = lock;
    this.#writer = writer;
  }

  /**
   * The statements as one transaction: all or none, durable when it resolves, nothing written when it rejects with
   * `aborted`: a signal that comes when the group is under way is too late, and the caller learns how it ended.
   */
  commit(
    statements: readonly Statement[],
    signal?: AbortSignal | undefined,
  ): Promise<readonly StatementResult[]> {
    if (signal?.aborted) return Promise.reject(new AbortedError('aborted', { cause: signal.reason }));
    const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>();
    const pending: Pending = { statements, bytes: bytesOf(statements), resolve, reject };
    const withdraw = (): void => {
      const index = this.#pending.indexOf(pending);
      if (index < 0) return;
      this.#pending.splice(index, 1);
      reject(new AbortedError('aborted', { cause: signal?.reason }));
    };
    signal?.addEventListener('abort', withdraw, { once: true });
    this.#pending.push(pending);
    this.#start();
    return promise.finally(() => signal?.removeEventListener('abort', withdraw));
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#run().then(
      () => undefined,
      // Every waiting caller has been told already.
      () => undefined,
    );
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const release = await this.#lock.acquire();
        const group = this.#take();
        try {
          if (group.length > 0) await this.#send(group);
        } catch (error) {
          for (const unit of group) unit.reject(error);
        } finally {
          release();
        }
      }
    } finally {
      this.#running = false;
    }
  }

  #take(): readonly Pending[] {
    let bytes = 0;
    let count = 0;
    for (const unit of this.#pending) {
      bytes += unit.bytes;
      if (count >= UNITS || (count > 0 && bytes > GROUP_BYTES)) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #send(group: readonly Pending[]): Promise<void> {
    const answers = await this.#writer().ask({ kind: 'group', units: group.map((u) => u.statements) });
    for (const [index, unit] of group.entries()) {
      const answer = answers[index];
      if (!answer) unit.reject(new DatabaseError('internal', `${this.#path}: no answer to a write`));
      else if ('failure' in answer) unit.reject(fromSqlite(this.#path, answer.failure));
      else unit.resolve(answer.results);
    }
  }
}
