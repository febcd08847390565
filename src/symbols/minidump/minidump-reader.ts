/** Reads dumps in a worker thread of its own, with a limit on its memory and on the time one dump may take. */
import { Worker } from 'node:worker_threads';
import { AbortedError, raceSignal, throwIfAborted } from '../../lib/abort.ts';
import { Semaphore } from '../../lib/concurrency.ts';
import type { CallOptions } from '../../model/report.ts';
import type { MinidumpData } from './data.ts';
import { nothing } from './read-minidump.ts';
import type { ReadReply, ReadRequest } from './worker-messages.ts';

export interface MinidumpReaderOptions {
  /** Heap of the worker, bytes. */
  readonly memoryBytes: number;
  readonly timeoutMs: number;
}

/** A built package has `.js` where the sources have `.ts`. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js',
  import.meta.url,
);

/** One dump at a time; a worker that dies or hangs is replaced for the next one. Close it to stop the worker. */
export class MinidumpReader {
  readonly #options: MinidumpReaderOptions;
  readonly #turn = new Semaphore(1);
  #worker: Worker | undefined;
  #closed = false;
  #ids = 0;

  constructor(options: MinidumpReaderOptions) {
    this.#options = options;
  }

  /**
   * A dump that is broken, too slow or too large for the limits is data with a `status`; it rejects when the file
   * cannot be read, when the signal aborts, or after `close`.
   */
  async read(path: string, options: CallOptions = {}): Promise<MinidumpData> {
    const turn = this.#turn.run(async () => {
      if (this.#closed) throw new AbortedError('the minidump reader is closed');
      throwIfAborted(options.signal);
      return this.#ask(path, options.signal);
    });
    return raceSignal(turn, options.signal);
  }

  #start(): Worker {
    const { memoryBytes } = this.#options;
    const worker = new Worker(WORKER, {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.floor(memoryBytes / 1024 ** 2)) },
    });
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // An error without a listener would end the process; whoever waits for the worker listens too.
    worker.on('error', forget).on('exit', forget);
    this.#worker = worker;
    return worker;
  }

  /** Ends the worker: the only way to stop a read that runs. */
  async #stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #ask(path: string, signal: AbortSignal | undefined): Promise<MinidumpData> {
    const worker = this.#worker ?? this.#start();
    this.#ids += 1;
    const request: ReadRequest = { id: this.#ids, path };
    const outcome = Promise.withResolvers<MinidumpData>();
    let answered = false;
    const onMessage = (reply: ReadReply): void => {
      if (reply.id !== request.id) return;
      answered = true;
      if ('data' in reply) outcome.resolve(reply.data);
      else outcome.reject(Object.assign(new Error(reply.error), { code: reply.code }));
    };
    const onError = (error: Error): void => {
      const memory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
      outcome.resolve(nothing(memory ? 'ERROR_READER_OUT_OF_MEMORY' : 'ERROR_READER_FAILED'));
    };
    const onExit = (): void => {
      outcome.resolve(nothing('ERROR_READER_FAILED'));
    };
    const timer = setTimeout(() => outcome.resolve(nothing('ERROR_READER_TIMEOUT')), this.#options.timeoutMs);
    const onAbort = (): void => outcome.reject(new AbortedError('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(request);
    try {
      return await outcome.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      if (!answered) await this.#stop();
    }
  }

  /** Stops the worker, and a read with it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#stop();
  }
}
