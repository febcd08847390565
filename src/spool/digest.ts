/** Checksums of dumps, made in a thread of their own: off the client's path and off the event loop. */
import { hash } from 'node:crypto';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export interface DigestRequest {
  readonly number: number;
  readonly path: string;
}

export interface Digest {
  readonly size: number;
  /** Hex, lower case. */
  readonly sha256: string;
}

export type DigestAnswer = { readonly number: number } & (
  | Digest
  | { readonly error: { readonly code: string; readonly message: string } }
);

export const sha256Of = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

/** The thread starts with the first file and is started again should it die. */
export class Digester {
  readonly #waiting = new Map<number, PromiseWithResolvers<Digest>>();
  #line: DigestRequest[] = [];
  #worker: Worker | undefined;
  #next = 0;
  #isClosed = false;

  /** Rejects with the file system's error, and when the thread dies. */
  file(path: string): Promise<Digest> {
    if (this.#isClosed) return Promise.reject(new Error('the digester is closed'));
    this.#next += 1;
    const answer = Promise.withResolvers<Digest>();
    this.#waiting.set(this.#next, answer);
    this.#line.push({ number: this.#next, path });
    // Together with those who are ready now: each message wakes the thread.
    if (this.#line.length === 1) queueMicrotask(() => this.#send());
    return answer.promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #send(): void {
    if (this.#isClosed) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(this.#line);
    this.#line = [];
  }

  #start(): Worker {
    const here = fileURLToPath(import.meta.url);
    const worker = new Worker(new URL(`./digest-worker${extname(here)}`, import.meta.url));
    worker.on('message', (answers: readonly DigestAnswer[]) => {
      for (const answer of answers) this.#settle(answer);
    });
    const died = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', died);
    worker.on('exit', (code) => died(new Error(`the digest thread ended with ${code}`)));
    return worker;
  }

  #settle(answer: DigestAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ('error' in answer) {
      waiting?.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
    } else {
      waiting?.resolve(answer);
    }
  }
}
