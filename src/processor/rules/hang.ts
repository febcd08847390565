/** Hangs: who hung, where the client says it, and whether the report is of a hang at all. */
import { annotation } from '../annotations.ts';
import { crashingFrames } from '../crashing-stack.ts';
import { defineRule } from '../rule.ts';

const WATCHDOGS = ['RunWatchdog'];

export default defineRule({
  name: 'hang',
  after: ['copy-annotations', 'stackwalk'],
  run({ raw, processed }) {
    const hang = annotation(raw, 'Hang')?.trim();
    const killed = crashingFrames(processed).some((frame) =>
      WATCHDOGS.some((name) => frame.function?.includes(name)),
    );
    const hung = hang || processed['ipc_channel_error'] || processed['async_shutdown_timeout'] || killed;
    return { report_type: hung ? 'hang' : 'crash', ...(hang ? { hang } : {}) };
  },
});
