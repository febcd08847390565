/** The source file nearest to the crash: of the first frame or inlined function that has one. */
import { crashingFrames } from '../crashing-stack.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'topmost-filenames',
  after: ['stackwalk'],
  run({ processed }) {
    const files = crashingFrames(processed).flatMap((frame) => [
      ...(frame.inlines ?? []).map((inline) => inline.file),
      frame.file,
    ]);
    const topmost = files.find(Boolean);
    return topmost ? { topmost_filenames: topmost } : undefined;
  },
});
