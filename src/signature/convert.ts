/** Between the processed crash and the generator: what it reads, and what of that is stored for later. */
import type { ProcessedCrash } from '../model/processed-crash.ts';
import type { CrashData } from './crash-data.ts';
import { intOrUndefined, isRecord } from './python-values.ts';

/** `oom_allocation_size` as a number; as text when a number cannot hold it, null when it is none. */
function size(value: unknown): number | string | null {
  const found = intOrUndefined(value);
  if (found === undefined) return null;
  const number = Number(found);
  return Number.isSafeInteger(number) ? number : String(found);
}

const step = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;

/**
 * The generator's input, out of a processed crash. What the stack walk gives is there only when there was one;
 * the Java parts only when the crash has them.
 */
export function toCrashData(processed: Partial<ProcessedCrash>): CrashData {
  const dump = processed.json_dump;
  const of = (key: string): unknown => step(processed, key);
  const common = {
    hang: of('hang'),
    oom_allocation_size: size(of('oom_allocation_size')),
    js_large_allocation_failure: of('js_large_allocation_failure'),
    abort_message: of('abort_message'),
    mdsw_status_string: of('mdsw_status_string'),
    async_shutdown_timeout: of('async_shutdown_timeout'),
    ipc_channel_error: of('ipc_channel_error'),
    ipc_message_name: of('ipc_message_name'),
    additional_minidumps: of('additional_minidumps') ?? [],
    original_signature: of('signature') ?? '',
  };
  const walked = dump !== undefined && {
    crashing_thread: step(step(dump, 'crash_info'), 'crashing_thread'),
    reason: step(step(dump, 'crash_info'), 'type'),
    threads: step(dump, 'threads'),
    os: step(step(dump, 'system_info'), 'os'),
  };
  const java = {
    ...('java_exception' in processed && { java_exception: processed['java_exception'] }),
    ...('java_stack_trace' in processed && { java_stack_trace: processed['java_stack_trace'] }),
  };
  const language = 'language' in processed && { language: processed['language'] };
  // Annotations are whatever the client sent: the generator takes every value of JSON for each of these.
  return { ...common, ...walked, ...java, ...language } as CrashData;
}

export { trimSignatureInput } from './trim-input.ts';
