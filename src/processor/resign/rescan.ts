/** Stored crashes with the signature that they would have now: from the stored input alone, nothing is walked or read again. */
import { throwIfAborted } from '../../lib/abort.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import type { CrashData } from '../../signature/crash-data.ts';
import type { Signatures } from '../../signature/generator.ts';
import { isRecord } from '../../signature/python-values.ts';
import type { CrashStorage } from '../../storage/contract.ts';

export interface Rescanned {
  readonly id: CrashId;
  /** ISO text of `date_processed`. */
  readonly date: string;
  readonly before: string;
  /** Undefined for a crash from before inputs were stored: it has to be reprocessed. */
  readonly after: string | undefined;
  /** Digest of the lists and version of the generator that signed it; only when asked for. */
  readonly version: string | undefined;
}

export interface ScanPeriod {
  /** Period of `date_processed`, from (inclusive) to (exclusive). */
  readonly from: Date;
  readonly to: Date;
}

const COLUMNS = ['date', 'signature', 'signature_input'] as const;

/** Lists and generator in one. */
export const versionOf = (lists: unknown, generator: unknown): string =>
  `${String(lists)} ${String(generator)}`;

const storedVersion = (trace: unknown): string =>
  isRecord(trace) ? versionOf(trace['lists'], trace['generator']) : '';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface RescanOptions extends CallOptions {
  /** With the version that made the stored signature: its trace is read as well. */
  readonly version?: boolean;
  /** Compared with what these would give, rather than with the stored signature. */
  readonly baseline?: Signatures | undefined;
}

export async function* rescan(
  store: CrashStorage<'scan'>,
  signatures: Signatures,
  period: ScanPeriod,
  options: RescanOptions = {},
): AsyncGenerator<Rescanned> {
  const { signal, version = false, baseline } = options;
  const make = (by: Signatures, input: unknown): string =>
    by.generate(input as CrashData, { trace: false }).signature;
  const columns = version ? [...COLUMNS, 'signature_trace'] : COLUMNS;
  for await (const row of store.scan({ ...period, columns }, { signal })) {
    throwIfAborted(signal);
    const { id, date, signature, signature_input: input } = row;
    const known = isRecord(input);
    const after = known ? make(signatures, input) : undefined;
    const before = known && baseline ? make(baseline, input) : text(signature);
    const signed = version ? storedVersion(row['signature_trace']) : undefined;
    yield { id, date: text(date), before, after, version: signed };
  }
}
