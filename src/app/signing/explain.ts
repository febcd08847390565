/** How a signature came about: as it was stored with the crash, or as it comes about with the lists of today. */
import { type Explanation, explainSignature, parseTrace } from '../../signature/explanation.ts';
import type { ListTexts } from '../../signature/lists.ts';
import type { SignatureTrace } from '../../signature/trace.ts';
import type { Signed, SomeCrash } from './signed.ts';

/** Texts of a version of the lists by its digest; undefined when nobody has them any more. */
export type TextsOf = (digest: string) => Promise<ListTexts | undefined>;

export type ExplainMode = 'stored' | 'now' | undefined;

/** Null when there is nothing stored to explain. Undefined when nobody asked. */
export async function explain(
  mode: ExplainMode,
  crash: SomeCrash,
  { result }: Signed,
  textsOf: TextsOf,
): Promise<Explanation | null | undefined> {
  if (mode === undefined) return undefined;
  const stored = 'signature_trace' in crash ? parseTrace(crash.signature_trace) : undefined;
  const trace: SignatureTrace | undefined = mode === 'now' ? result.trace : stored;
  return trace === undefined ? null : explainSignature(trace, await textsOf(trace.lists));
}
