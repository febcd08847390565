import { str, truthy } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

/** `… | IPC_Message_Name=PContent::Msg_X`. */
export default defineSignatureRule({
  name: 'SignatureIPCMessageName',
  doc: '`… | IPC_Message_Name=PContent::Msg_X`: the message that was being handled',
  after: ['SignatureIPCChannelError'],
  when: ({ data }) => truthy(data.ipc_message_name),
  run(context) {
    context.setSignature(`${context.signature} | IPC_Message_Name=${str(context.data.ipc_message_name)}`);
  },
});
