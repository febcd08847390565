/** Which lane is served next: by weight, so that none starves, and priority first whenever the scales are even. */
import { LANES, type Lane } from './contract.ts';

/** Of ten deliveries with every lane full, six are priority, three standard and one reprocessing. */
export const LANE_WEIGHTS: Readonly<Record<Lane, number>> = { priority: 6, standard: 3, reprocessing: 1 };

/** Smooth weighted round robin: each full lane earns its weight per delivery, and the one served pays for all. */
export class LaneOrder {
  readonly #credit: Record<Lane, number> = { priority: 0, standard: 0, reprocessing: 0 };

  /** Lanes in the order to try them now. */
  next(): Lane[] {
    return [...LANES].sort((a, b) => this.#credit[b] + LANE_WEIGHTS[b] - this.#credit[a] - LANE_WEIGHTS[a]);
  }

  /** An empty lane saves nothing up: a burst after a quiet hour must not push the others aside. */
  empty(lane: Lane): void {
    this.#credit[lane] = 0;
  }

  /** `lane` was served, and the `empty` ones had nothing to give. */
  served(lane: Lane, empty: ReadonlySet<Lane>): void {
    let others = 0;
    for (const other of LANES) {
      if (!empty.has(other)) this.#credit[other] += LANE_WEIGHTS[other];
      if (other !== lane) others += this.#credit[other];
    }
    // The sum stays zero, so that the one served owes nothing for turns that an empty lane did not take.
    this.#credit[lane] = -others;
  }
}
