/** Endless recursion leaves stacks of many thousand frames: both ends are kept. */
import type { StackThread } from '../../model/processed-crash.ts';
import { defineRule } from '../rule.ts';

const LONGEST = 500;
const KEPT_AT_EACH_END = 250;

// Socorro keeps 249 at the far end, so that one more frame is lost than its message says; we keep 250.
function truncate(thread: StackThread): StackThread {
  const { frames } = thread;
  if (frames.length <= LONGEST) return thread;
  const lost = frames.length - 2 * KEPT_AT_EACH_END;
  const gap = {
    frame: KEPT_AT_EACH_END,
    truncated: { msg: `${lost.toLocaleString('en-US')} frames truncated` },
  };
  return {
    ...thread,
    frames: [...frames.slice(0, KEPT_AT_EACH_END), gap, ...frames.slice(-KEPT_AT_EACH_END)],
    truncated: true,
  };
}

export default defineRule({
  name: 'truncate-stacks',
  after: ['stackwalk'],
  when: ({ processed }) =>
    (processed.json_dump?.threads ?? []).some((thread) => thread.frames.length > LONGEST),
  run({ processed, note }) {
    const threads = (processed.json_dump?.threads ?? []).map(truncate);
    note(`Stacks of ${threads.filter((thread) => thread.truncated).length} threads were truncated`);
    return { json_dump: { ...processed.json_dump, threads } };
  },
});
