/** What the bench says to a contender's process, and what it hears. */
export interface Load {
  readonly what: 'write' | 'read';
  readonly seconds: number;
  readonly atOnce: number;
}

export type Order =
  | Load
  | { readonly what: 'large'; readonly megabytes: number }
  | { readonly what: 'close' };

export interface Loaded {
  readonly rate: number;
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[];
  /** Resident memory at its largest, bytes. */
  readonly peak: number;
}
