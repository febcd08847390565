/** Size of the allocation that failed, bytes. Chromium and Electron say it in annotations of their own. */
import { annotation, wholeNumber } from '../annotations.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  name: 'out-of-memory',
  run({ raw, note }) {
    const text = annotation(raw, 'OOMAllocationSize', 'partition_alloc_last_oom_size', 'oom_size');
    if (text === undefined) return undefined;
    const size = wholeNumber(text);
    if (size === undefined) note('OOMAllocationSize has a non-int value');
    return size === undefined ? undefined : { oom_allocation_size: size };
  },
});
