/** Where exception record and processor state disagree, in the walker's words. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'crash-inconsistencies',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump !== undefined,
  run: ({ processed }) => ({
    crash_inconsistencies: processed.json_dump?.crash_info?.crash_inconsistencies ?? [],
  }),
});
