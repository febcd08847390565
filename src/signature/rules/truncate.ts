import { codePoints, firstCodePoints } from '../python-text.ts';
import { defineSignatureRule } from '../rule.ts';

const LONGEST = 255;

/** At most 255 characters. */
export default defineSignatureRule({
  name: 'SigTruncate',
  doc: 'cuts after 255 characters',
  after: ['SigFixWhitespace'],
  when: ({ signature }) => codePoints(signature) > LONGEST,
  run(context) {
    context.setSignature(`${firstCodePoints(context.signature, LONGEST - 3)}...`);
    context.note('SigTrunc: signature truncated due to length');
  },
});
