import { printableAscii, strip } from '../python-text.ts';
import { defineSignatureRule } from '../rule.ts';

/** Signatures are typed, pasted and searched for: printable ASCII only. */
export default defineSignatureRule({
  name: 'SigPrintableCharsOnly',
  doc: 'drops what is not printable ASCII',
  after: ['HungProcess'],
  run(context) {
    const signature = printableAscii(strip(context.signature));
    if (signature === context.signature) return;
    context.note('unprintable characters removed');
    context.setSignature(signature);
  },
});
