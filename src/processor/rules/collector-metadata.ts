/** What the collector noted, beside what the client sent. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'collector-metadata',
  run: ({ raw }) => ({ collector_metadata: raw.metadata }),
});
