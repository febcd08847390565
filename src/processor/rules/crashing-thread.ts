/** Which thread crashed, why and at which address. */
import type { StackWalk } from '../../model/processed-crash.ts';
import { crashingThread } from '../crashing-stack.ts';
import { defineRule } from '../rule.ts';

const LONG_ADDRESS = 18;

/** The walker knows better than the exception record: offsets from null and non-canonical addresses on amd64. */
function addressOf(info: NonNullable<StackWalk['crash_info']>): string | null {
  const address = info.address ?? null;
  const adjusted = info.adjusted_address;
  if (adjusted?.kind === 'null-pointer') return `0x${'0'.repeat(address?.length === LONG_ADDRESS ? 16 : 8)}`;
  return adjusted?.kind === 'non-canonical' ? (adjusted.address ?? address) : address;
}

export default defineRule({
  name: 'crashing-thread',
  after: ['stackwalk'],
  when: ({ processed }) => processed.json_dump !== undefined,
  run({ processed, note }) {
    const info = processed.json_dump?.crash_info ?? {};
    const index = info.crashing_thread ?? null;
    if (index === null) note('the stackwalker did not identify the crashing thread');
    const thread = index === null ? undefined : crashingThread(processed);
    const lastError = thread?.last_error_value;
    return {
      crashing_thread: index,
      crashing_thread_name: thread?.thread_name ?? null,
      reason: info.type ?? '',
      address: addressOf(info),
      ...(typeof lastError === 'string' ? { last_error_value: lastError } : {}),
    };
  },
});
