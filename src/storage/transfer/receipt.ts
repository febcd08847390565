/** What a transfer did: counted crash by crash, so that it can be written down at any time and gone on with. */
import { createHash } from 'node:crypto';
import type { CrashOutcome, Difference } from './outcome.ts';

export interface Counts {
  readonly crashes: number;
  readonly reports: number;
  readonly dumps: number;
  readonly processed: number;
  /** Of all parts, JSON included. */
  readonly bytes: number;
  /** Parts that nobody can read back. */
  readonly uncompared: number;
  readonly differences: number;
  /** Crashes with a difference. */
  readonly differing: number;
  /** Crashes taken out of the source. */
  readonly removed: number;
}

export interface Tally {
  readonly counts: Counts;
  /** The first of them. */
  readonly differences: readonly Difference[];
  /**
   * Over the parts of the source in order of day and crash id: SHA-256 of the digest before, a line end, and a line
   * `ID SHA256 "PART"` for each part. Hex; 64 zeros in the beginning. Equal digests: the same crashes, byte for byte.
   */
  readonly digest: string;
}

const LISTED_DIFFERENCES = 1000;

export const EMPTY_TALLY: Tally = {
  counts: {
    crashes: 0,
    reports: 0,
    dumps: 0,
    processed: 0,
    bytes: 0,
    uncompared: 0,
    differences: 0,
    differing: 0,
    removed: 0,
  },
  differences: [],
  digest: '0'.repeat(64),
};

export function addOutcome({ counts, differences, digest }: Tally, outcome: CrashOutcome): Tally {
  const { parts, id } = outcome;
  const of = (is: (part: string) => boolean): number => parts.filter(({ part }) => is(part)).length;
  const lines = parts.map(({ part, sha256 }) => `${id} ${sha256} ${JSON.stringify(part)}\n`);
  return {
    counts: {
      crashes: counts.crashes + 1,
      reports: counts.reports + of((part) => part === 'raw'),
      dumps: counts.dumps + of((part) => part.startsWith('dump ')),
      processed: counts.processed + of((part) => part === 'processed'),
      bytes: counts.bytes + parts.reduce((sum, { bytes }) => sum + bytes, 0),
      uncompared: counts.uncompared + outcome.uncompared,
      differences: counts.differences + outcome.differences.length,
      differing: counts.differing + (outcome.differences.length > 0 ? 1 : 0),
      removed: counts.removed + (outcome.removed ? 1 : 0),
    },
    differences: [...differences, ...outcome.differences].slice(0, LISTED_DIFFERENCES),
    digest: createHash('sha256')
      .update(`${digest}\n${lines.join('')}`)
      .digest('hex'),
  };
}

export type TransferKind = 'copy' | 'verify' | 'drain';

export interface Receipt extends Tally {
  readonly format: 1;
  readonly kind: TransferKind;
  /** As the operator wrote them. */
  readonly from: string;
  readonly to: string;
  /** Days, both included. */
  readonly since: string;
  readonly until: string;
  /** What part of it was looked at; absent for all. */
  readonly sample?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** How often it was started before it came to its end. */
  readonly runs: number;
  readonly notes: readonly string[];
}
