/** What became of one crash on its way, or in a comparison. */
import type { CrashId } from '../../model/crash-id.ts';
import type { Part } from './parts.ts';

export interface Difference {
  readonly id: CrashId;
  /** `raw`, `processed`, `dump NAME`; `crash` for the whole of it. */
  readonly part: string;
  /** The store that is not as the other. */
  readonly store: string;
  /**
   * `missing` and `extra` are the store's, beside the source. `conflict`: another crash of this id is there, and nothing
   * was overwritten. `failed`: it could not be read or written.
   */
  readonly what: 'missing' | 'extra' | 'different' | 'conflict' | 'failed';
  /** For people: why. No client data. */
  readonly why?: string;
}

export interface CrashOutcome {
  readonly id: CrashId;
  /** Of the source. */
  readonly parts: readonly Part[];
  readonly differences: readonly Difference[];
  /** Parts that nobody could read back. */
  readonly uncompared: number;
  /** It was taken out of the source. */
  readonly removed: boolean;
}

export const describeDifference = ({ id, part, store, what, why }: Difference): string =>
  `${id} ${part}: ${what} in ${store}${why ? ` (${why})` : ''}`;
