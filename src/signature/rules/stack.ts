import { defineSignatureRule } from '../rule.ts';

/** The signature of the stack of the crashing thread, or of the Java trace or exception. */
export default defineSignatureRule({
  name: 'SignatureGenerationRule',
  doc: 'the signature of the stack of the crashing thread, or of the Java trace or exception',
  run: (context) => context.readStack(),
});
