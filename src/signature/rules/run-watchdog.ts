import { defineSignatureRule } from '../rule.ts';

/** `shutdownhang | …`: the watchdog crashes the program when thread 0 hangs, so thread 0 is the one to look at.
 *
 * The original reads thread 0 with the lists it ships, whichever lists the rest was made with; here one set of
 * lists makes the whole signature.
 */
export default defineSignatureRule({
  name: 'SignatureRunWatchDog',
  doc: '`shutdownhang | …`: the watchdog ended the process, and thread 0 says what hung',
  after: ['SignatureShutdownTimeout'],
  when: ({ signature }) => signature.includes('RunWatchdog'),
  run(context) {
    context.readStack(0n);
    context.setSignature(`shutdownhang | ${context.signature}`);
  },
});
