import { firstCodePoints } from '../python-text.ts';
import { contains, isRecord, PythonError, repr, truthy, typeName } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

const LONGEST = 100;

function beginning(error: unknown): string {
  if (typeof error === 'string') return firstCodePoints(error, LONGEST);
  if (Array.isArray(error)) return repr(error.slice(0, LONGEST));
  // `[:100]` is a key to a dict, and one that it cannot take.
  if (isRecord(error)) throw new PythonError('TypeError', "unhashable type: 'slice'");
  throw new PythonError('TypeError', `'${typeName(error)}' object is not subscriptable`);
}

/** `IPCError-browser | …` or `IPCError-content | …` replaces the signature: the stack is that of the messenger. */
export default defineSignatureRule({
  name: 'SignatureIPCChannelError',
  doc: '`IPCError-browser | …` or `IPCError-content | …` replaces the signature: the stack is that of the messenger',
  after: ['SignatureRunWatchDog'],
  when: ({ data }) => truthy(data.ipc_channel_error),
  run(context) {
    const { ipc_channel_error: error, additional_minidumps: dumps } = context.data;
    const inBrowser = truthy(dumps) && contains(dumps, 'upload_file_minidump_browser');
    const start = beginning(error);
    context.note('IPC Channel Error stomped on signature');
    context.setSignature(`IPCError-${inBrowser ? 'browser' : 'content'} | ${start}`);
  },
});
