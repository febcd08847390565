/** The rules that make a signature, in their order, as text that is Markdown as well. */
import { inOrder } from '../../signature/generator.ts';
import type { SignatureRule } from '../../signature/rule.ts';

export function pipelineText(rules: readonly SignatureRule[]): readonly string[] {
  return [
    '# How a signature is made',
    '',
    'These rules run one after the other; each may change what those before it left.',
    '',
    ...inOrder(rules).map(({ name, doc }, i) => `${i + 1}. **${name}**: ${doc ?? name}`),
  ];
}
