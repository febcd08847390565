/** The number before the first dot of the version; 0 when there is none. */
import { wholeNumber } from '../annotations.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'major-version',
  after: ['copy-annotations'],
  run: ({ processed }) => ({
    major_version: wholeNumber((processed.version ?? '').split('.')[0] ?? '') ?? 0,
  }),
});
