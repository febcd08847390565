/** Which kind of process crashed. The main one is `parent`, whatever its client calls it. */
import { annotation } from '../annotations.ts';
import { defineRule } from '../rule.ts';

// Chromium and Electron call the main process `browser`, Firefox `main` or nothing at all.
const MAIN = new Set(['', 'main', 'browser']);

export default defineRule({
  name: 'process-type',
  run({ raw }) {
    const type = (annotation(raw, 'ProcessType', 'ptype', 'process_type') ?? '').trim();
    return { process_type: MAIN.has(type) ? 'parent' : type };
  },
});
