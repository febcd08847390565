/** The signature of a hang at shutdown is of the main thread, so that is the one to show. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'shutdown-hang-thread',
  after: ['signature'],
  rulesets: ['default', 'regenerate_signature'],
  when: ({ processed }) => (processed.signature ?? '').startsWith('shutdownhang'),
  run: () => ({ crashing_thread: 0 }),
});
