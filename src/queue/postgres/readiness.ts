/** Which lanes are known to be empty, and until when: a consumer that has nothing to do must not ask all the time. */
import type { Lane } from '../contract.ts';
import type { Timing } from '../timing.ts';

interface Empty {
  readonly until: number;
}

export class Readiness {
  readonly #timing: Timing;
  readonly #empty = new Map<Lane, Empty>();
  /** Counts what was heard, so that what comes while we look is not overlooked. */
  readonly #heard = new Map<Lane, number>();

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** What to hand to `foundEmpty`; take it before looking. */
  heard(lane: Lane): number {
    return this.#heard.get(lane) ?? 0;
  }

  isEmpty(lane: Lane): boolean {
    const empty = this.#empty.get(lane);
    return empty !== undefined && empty.until > this.#timing.elapsed();
  }

  foundEmpty(lane: Lane, heard: number, forMs: number): void {
    if (this.heard(lane) === heard) this.#empty.set(lane, { until: this.#timing.elapsed() + forMs });
  }

  /** There may be a task in it now. */
  mayHave(lane: Lane): void {
    this.#heard.set(lane, this.heard(lane) + 1);
    this.#empty.delete(lane);
  }

  /** Until one of the lanes has to be looked at again; 0 when one has to be now. */
  idleMs(lanes: readonly Lane[]): number {
    const left = lanes.map((lane) => (this.#empty.get(lane)?.until ?? 0) - this.#timing.elapsed());
    return Math.max(0, Math.min(...left));
  }
}
