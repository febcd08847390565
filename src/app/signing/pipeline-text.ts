/** The rules that make a signature, in their order, as text that is Markdown as well. */
import { toposort } from '../../lib/toposort.ts';
import { defaultRules } from '../../signature/default-rules.ts';

export function pipelineText(): readonly string[] {
  const rules = toposort(defaultRules, 'signature rule');
  return [
    '# How a signature is made',
    '',
    'These rules run one after the other; each may change what those before it left.',
    '',
    ...rules.map(({ name, doc }, i) => `${i + 1}. **${name}**: ${doc ?? name}`),
  ];
}
