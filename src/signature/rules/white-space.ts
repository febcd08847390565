import { collapseSpaces, strip } from '../python-text.ts';
import { defineSignatureRule } from '../rule.ts';

/** No white space at the ends, single spaces within. */
export default defineSignatureRule({
  name: 'SigFixWhitespace',
  doc: 'no white space at the ends, single spaces within',
  after: ['SigPrintableCharsOnly'],
  run(context) {
    context.setSignature(collapseSpaces(strip(context.signature)));
  },
});
