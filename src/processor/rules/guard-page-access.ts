/** Set only when an access was near a guard page: then it was probably an overflow. */
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'guard-page-access',
  after: ['stackwalk'],
  when: ({ processed }) =>
    (processed.json_dump?.crash_info?.memory_accesses ?? []).some(
      (access) => access.is_likely_guard_page === true,
    ),
  run: () => ({ has_guard_page_access: true }),
});
