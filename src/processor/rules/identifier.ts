/** The crash id under the two names that older tools read. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'identifier',
  run: ({ raw }) => ({ crash_id: raw.id, uuid: raw.id }),
});
