import { str, truthy } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

/** `EMPTY: no frame data available; ERROR_NO_MINIDUMP_HEADER`: why the walker gave no frames. */
export default defineSignatureRule({
  name: 'StackwalkerErrorSignatureRule',
  doc: '`EMPTY: no frame data available; ERROR_NO_MINIDUMP_HEADER`: why the walker gave no frames',
  after: ['SignatureGenerationRule'],
  when: ({ signature, data }) => signature.startsWith('EMPTY') && truthy(data.mdsw_status_string),
  run(context) {
    context.setSignature(`${context.signature}; ${str(context.data.mdsw_status_string)}`);
  },
});
