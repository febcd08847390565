/** How many threads the process had. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'thread-count',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump !== undefined,
  run: ({ processed }) => ({
    thread_count: processed.json_dump?.thread_count ?? processed.json_dump?.threads?.length ?? 0,
  }),
});
