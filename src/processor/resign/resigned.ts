/** A processed crash with its signature made again: what of it changes, and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { toCrashData, trimSignatureInput } from '../../signature/convert.ts';
import type { CrashData } from '../../signature/crash-data.ts';
import type { SignatureResult } from '../../signature/trace.ts';

/** In front of the line that says so in the notes; there is one at most. */
const SIGNED_AGAIN = '>>> Signed again: ';
const SHORT_DIGEST = 12;

/** The lines of the generator stand where the old ones stood, or at the end. */
function notesWith(notes: string, { result, rules, at }: Signing): string {
  const { notes: fresh, trace } = result;
  const isOfSignature = (line: string): boolean => rules.some(({ name }) => line.startsWith(`${name}: `));
  const lines = notes === '' ? [] : notes.split('\n').filter((line) => !line.startsWith(SIGNED_AGAIN));
  const first = lines.findIndex(isOfSignature);
  const place = first < 0 ? lines.length : first;
  const others = lines.filter((line) => !isOfSignature(line));
  const by = `lists ${trace.lists.slice(0, SHORT_DIGEST)}, generator ${trace.generator}`;
  return [
    ...others.slice(0, place),
    ...fresh,
    ...others.slice(place),
    `${SIGNED_AGAIN}${at.toISOString()} (${by})`,
  ].join('\n');
}

/** What the generator is given: the stored input, else what the stack walk says; undefined when there is neither. */
export function storedInput(processed: ProcessedCrash): CrashData | undefined {
  const { signature_input: input } = processed;
  if (typeof input === 'object' && input !== null) return input as CrashData;
  return processed.json_dump ? toCrashData(processed) : undefined;
}

/** Whether the crash is to be signed again: only for another signature, or for another version of the lists as well. */
export type Stale = 'signature' | 'version';

function isStale(processed: ProcessedCrash, result: SignatureResult, stale: Stale): boolean {
  if (processed.signature !== result.signature) return true;
  if (stale === 'signature') return false;
  const trace = processed.signature_trace;
  return trace?.['lists'] !== result.trace.lists || trace['generator'] !== result.trace.generator;
}

export interface Signing {
  readonly result: SignatureResult;
  readonly input: CrashData;
  /** Those that signed it before, too: their lines of the notes go. */
  readonly rules: readonly { readonly name: string }[];
  readonly stale: Stale;
  readonly at: Date;
}

/** Undefined when it is signed so already. */
export function resigned(processed: ProcessedCrash, signing: Signing): ProcessedCrash | undefined {
  const { result, input, stale } = signing;
  if (!isStale(processed, result, stale)) return undefined;
  const { proto_signature: _, ...rest } = processed;
  const { proto_signature: proto } = result.extra;
  return {
    ...rest,
    signature: result.signature,
    ...(proto === undefined ? {} : { proto_signature: proto }),
    processor_notes: notesWith(processed.processor_notes ?? '', signing),
    signature_input: (processed.signature_input ??
      trimSignatureInput(input)) as ProcessedCrash['signature_input'] & object,
    signature_trace: result.trace as unknown as ProcessedCrash['signature_trace'] & object,
  };
}

/** Both were read of one store, one after the other. */
export const isUntouched = (before: ProcessedCrash, now: ProcessedCrash): boolean =>
  isDeepStrictEqual(before, now);
