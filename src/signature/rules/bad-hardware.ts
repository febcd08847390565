import { contains, truthy } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

/** `bad hardware | …`: a page could not be read from the disk, which is no fault of the program's. */
export default defineSignatureRule({
  name: 'BadHardware',
  doc: '`bad hardware | …`: a page could not be read from the disk',
  after: ['StackwalkerErrorSignatureRule'],
  when: ({ data }) => truthy(data.reason) && contains(data.reason, 'STATUS_DEVICE_DATA_ERROR'),
  run(context) {
    context.setSignature(`bad hardware | ${context.signature}`);
  },
});
