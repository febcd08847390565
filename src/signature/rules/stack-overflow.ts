import { defineSignatureRule } from '../rule.ts';

/** `stackoverflow | …`. */
export default defineSignatureRule({
  name: 'StackOverflowSignature',
  doc: '`stackoverflow | …`',
  after: ['SignatureIPCMessageName'],
  when: ({ data }) => data.reason === 'EXCEPTION_STACK_OVERFLOW',
  run(context) {
    context.setSignature(`stackoverflow | ${context.signature}`);
  },
});
