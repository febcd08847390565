/** How fast a transfer may be: crashes or bytes a second. Waiting is shared by all who transfer at once. */
import { sleep } from '../../lib/abort.ts';
import type { CallOptions } from '../../model/report.ts';

export type RateLimit =
  | { readonly per: 'crash'; readonly second: number }
  | { readonly per: 'byte'; readonly second: number };

/** A part of a second may be used at once; what was left unused longer ago is gone. */
const BURST_MS = 100;

export class Rate {
  readonly #limit: RateLimit | undefined;
  readonly #now: () => number;
  /** When what was asked for so far is paid, in milliseconds of `now`. */
  #paid = Number.NEGATIVE_INFINITY;

  /** Undefined does not limit. */
  constructor(limit: RateLimit | undefined, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  get limitsBytes(): boolean {
    return this.#limit?.per === 'byte';
  }

  /** Resolves when the next crash may begin. */
  async crash(options: CallOptions): Promise<void> {
    if (this.#limit?.per === 'crash') await this.#take(1, this.#limit.second, options);
  }

  /** Resolves when so many bytes may have passed. */
  async bytes(count: number, options: CallOptions): Promise<void> {
    if (this.#limit?.per === 'byte') await this.#take(count, this.#limit.second, options);
  }

  async #take(amount: number, perSecond: number, options: CallOptions): Promise<void> {
    const now = this.#now();
    this.#paid = Math.max(this.#paid, now - BURST_MS) + (amount * 1000) / perSecond;
    const wait = this.#paid - now;
    if (wait > 0) await sleep(wait, options);
  }
}
