import { str } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

/** `hang: ui | …`. */
export default defineSignatureRule({
  name: 'HungProcess',
  doc: '`hang: ui | …`: the process was hung',
  after: ['StackOverflowSignature'],
  when: ({ data }) => data.hang !== undefined && data.hang !== null,
  run(context) {
    context.setSignature(`hang: ${str(context.data.hang)} | ${context.signature}`);
  },
});
