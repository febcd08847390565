/** A file that is only appended to; one sync makes durable all that came before it began. */
import type { DiskFile } from '../lib/disk.ts';

interface Pending {
  readonly parts: readonly Uint8Array[];
  readonly done: PromiseWithResolvers<void>;
}

/** An earlier write or sync of the log failed: what lies behind it cannot be trusted, so nothing more is appended. */
export class LogBrokenError extends Error {
  override readonly name = 'LogBrokenError';
}

export class GroupLog {
  readonly #file: DiskFile;
  readonly #onGroup: (records: number) => void;
  #size: number;
  #waiting: Pending[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `size`: bytes in the file already. The log owns the file from now on. */
  constructor(file: DiskFile, size: number, onGroup: (records: number) => void = () => undefined) {
    this.#file = file;
    this.#size = size;
    this.#onGroup = onGroup;
  }

  /** Where the next append will lie. */
  get size(): number {
    return this.#size;
  }

  get isBroken(): boolean {
    return this.#failure !== undefined;
  }

  /** Durable when it resolves; then the bytes lie at the offset that it resolves with. */
  async append(parts: readonly Uint8Array[]): Promise<number> {
    if (this.#failure) throw new LogBrokenError('the log is broken', { cause: this.#failure.error });
    const offset = this.#size;
    for (const part of parts) this.#size += part.length;
    const pending = { parts, done: Promise.withResolvers<void>() };
    this.#waiting.push(pending);
    this.#running ??= this.#run();
    await pending.done.promise;
    return offset;
  }

  /** Waits for what was appended. */
  async close(): Promise<void> {
    await this.#running;
    await this.#file.close();
  }

  async #run(): Promise<void> {
    // One turn later, so that everybody who is ready now comes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Pending[]): Promise<void> {
    try {
      if (this.#failure) throw new LogBrokenError('the log is broken', { cause: this.#failure.error });
      await this.#file.write(group.flatMap((p) => p.parts));
      await this.#file.sync();
      this.#onGroup(group.length);
      for (const { done } of group) done.resolve();
    } catch (error) {
      // After a failed sync the kernel may have dropped the pages and will report success next time ("fsyncgate",
      // PostgreSQL 2018): the file is given up. Test: spool/group-log.test.ts "gives a log up".
      this.#failure ??= { error };
      for (const { done } of group) done.reject(error);
    }
  }
}
