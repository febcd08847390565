/** One crash with its signature made again, and what `signature` says of it. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { toCrashData } from '../../signature/convert.ts';
import type { CrashData } from '../../signature/crash-data.ts';
import { debugLog } from '../../signature/debug-log.ts';
import type { Explanation } from '../../signature/explanation.ts';
import type { Signatures } from '../../signature/generator.ts';
import type { SignatureResult } from '../../signature/trace.ts';

/** A processed crash, or crash data as the generator takes it. */
export type SomeCrash = Partial<ProcessedCrash> | CrashData;

export interface Signed {
  /** Undefined for crash data that came without one. */
  readonly id: CrashId | string | undefined;
  readonly page: string | undefined;
  /** Undefined for crash data that came without one. */
  readonly original: string | undefined;
  readonly result: SignatureResult;
  readonly same: boolean;
  readonly debug: readonly string[];
  /** Null: asked for, and nobody recorded how it was made. Undefined: not asked for. */
  readonly explanation?: Explanation | null | undefined;
}

const isProcessed = (crash: SomeCrash): crash is Partial<ProcessedCrash> =>
  'json_dump' in crash || 'signature_input' in crash || 'signature' in crash || 'uuid' in crash;

/**
 * The generator's input: of a processed crash the stored one, which is made of all its annotations, else what its stack
 * walk gives; crash data stands for itself.
 */
export function inputOf(crash: SomeCrash): CrashData {
  if (!isProcessed(crash)) return crash;
  const { signature_input: stored } = crash;
  return typeof stored === 'object' && stored !== null ? (stored as CrashData) : toCrashData(crash);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function originalOf(crash: SomeCrash): string | undefined {
  return isProcessed(crash) ? (textOf(crash.signature) ?? '') : textOf(crash.original_signature) || undefined;
}

export interface SignOptions {
  readonly id?: string | undefined;
  readonly page?: string | undefined;
  /** For the debug log: where the lists are from. */
  readonly lists: string;
}

export function sign(generator: Signatures, crash: SomeCrash, options: SignOptions): Signed {
  const result = generator.generate(inputOf(crash));
  const original = originalOf(crash);
  return {
    id: options.id ?? textOf((crash as Partial<ProcessedCrash>)['uuid']),
    page: options.page,
    original,
    result,
    same: original === undefined || original === result.signature,
    debug: debugLog(result, options.lists),
  };
}
