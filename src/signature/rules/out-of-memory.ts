import { get, int, PythonError, truthy } from '../python-values.ts';
import { defineSignatureRule, type SignatureContext } from '../rule.ts';
import { crashingThread, threadAt } from '../stack-reader.ts';

/** Functions that programs die in on purpose when memory is out. */
const FRAGMENTS = [
  'NS_ABORT_OOM',
  'mozalloc_handle_oom',
  'CrashAtUnhandlableOOM',
  'AutoEnterOOMUnsafeRegion',
  'alloc::oom::oom',
];
const LAST_ERRORS: readonly unknown[] = ['ERROR_COMMITMENT_LIMIT', 'ERROR_NOT_ENOUGH_MEMORY'];
const REASONS: readonly unknown[] = ['STATUS_FATAL_MEMORY_EXHAUSTION', 'STATUS_NO_MEMORY'];
/** Bytes. */
const LARGEST_SMALL = 262_144n;

function isOutOfMemory({ data, signature }: SignatureContext): boolean {
  if (truthy(data.oom_allocation_size)) return true;
  if (signature === '') return false;
  if (FRAGMENTS.some((fragment) => signature.includes(fragment))) return true;
  const thread = threadAt(data, crashingThread(data));
  if (truthy(thread) && LAST_ERRORS.includes(get(thread, 'last_error_value'))) return true;
  return REASONS.includes(data.reason) || data.js_large_allocation_failure === 'Reporting';
}

/** Undefined when no size is given; text that is no number fails the rule. */
function askedFor(size: unknown): bigint | undefined {
  try {
    return int(size);
  } catch (error) {
    if (error instanceof PythonError && error.kind === 'TypeError') return undefined;
    throw error;
  }
}

/** `OOM | large | …`, `OOM | unknown | …` or just `OOM | small`: which allocation failed does not matter when little was asked for. */
export default defineSignatureRule({
  name: 'OOMSignature',
  doc: '`OOM | large | …`, `OOM | unknown | …` or just `OOM | small`: memory was not to be had',
  after: ['BadHardware'],
  when: isOutOfMemory,
  run(context) {
    const { data, signature } = context;
    if (data.js_large_allocation_failure === 'Reporting') {
      context.setSignature(`OOM | large | ${signature}`);
      return;
    }
    const size = askedFor(data.oom_allocation_size);
    if (size === undefined) context.setSignature(`OOM | unknown | ${signature}`);
    else context.setSignature(size <= LARGEST_SMALL ? 'OOM | small' : `OOM | large | ${signature}`);
  },
});
