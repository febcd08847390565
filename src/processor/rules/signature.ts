/** The signature, how it came about, and the input it can be made from again. */
import { toCrashData, trimSignatureInput } from '../../signature/convert.ts';
import { defineRule, type Patch } from '../rule.ts';

export default defineRule({
  name: 'signature',
  after: [
    'copy-annotations',
    'crash-reason-text',
    'crashing-thread',
    'hang',
    'java-exception',
    'java-stack-trace',
    'out-of-memory',
    'stackwalk',
    'truncate-stacks',
  ],
  rulesets: ['default', 'regenerate_signature'],
  needs: ['signatures'],
  run({ processed, note }, { signatures }): Patch {
    const data = toCrashData(processed);
    const result = signatures.generate(data);
    for (const line of result.notes) note(line);
    const proto = result.extra.proto_signature;
    return {
      signature: result.signature,
      ...(proto === undefined ? {} : { proto_signature: proto }),
      signature_input: trimSignatureInput(data),
      signature_trace: result.trace,
    };
  },
});
