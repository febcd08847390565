/** Errors that the writer of the dump noted in it. */
import { defineRule } from '../rule.ts';

const LONGEST = 4096;

export default defineRule({
  name: 'soft-errors',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump?.['soft_errors'] !== undefined,
  run: ({ processed }) => ({
    soft_errors: JSON.stringify(processed.json_dump?.['soft_errors']).slice(0, LONGEST),
  }),
});
