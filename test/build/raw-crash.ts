/** Raw crashes and stack walks for tests, by what matters to the test. */
import { createCrashId } from '../../src/model/crash-id.ts';
import type { StackFrame, StackWalk } from '../../src/model/processed-crash.ts';
import type { CollectorMetadata, RawCrash } from '../../src/model/report.ts';

export const RECEIVED_AT = '2026-11-21T10:20:30.000Z';

export function rawCrash(
  annotations: Readonly<Record<string, string>> = {},
  metadata: Partial<CollectorMetadata> = {},
): RawCrash {
  return Object.freeze({
    id: createCrashId(new Date(RECEIVED_AT)),
    annotations: Object.freeze({ ...annotations }),
    receivedAt: RECEIVED_AT,
    metadata: {
      payload: 'multipart',
      compressed: false,
      size: 1,
      notes: [],
      userAgent: 'test',
      throttleRule: 'accept_everything',
      outcome: 'accepted',
      ...metadata,
    } satisfies CollectorMetadata,
  });
}

export function frames(...functions: readonly string[]): StackFrame[] {
  return functions.map((name, index) => ({
    frame: index,
    function: name,
    module: 'editor',
    file: `src/${name}.cc`,
    line: index + 1,
    module_offset: `0x${index}`,
    offset: `0x40${index}`,
  }));
}

/** One thread, the one that crashed. */
export function stackWalk(stack: readonly StackFrame[], more: Partial<StackWalk> = {}): StackWalk {
  return {
    status: 'OK',
    system_info: { os: 'Linux', os_ver: '6.1.0', cpu_arch: 'amd64', cpu_info: 'family 6', cpu_count: 2 },
    crash_info: { type: 'SIGSEGV / SEGV_MAPERR', address: '0x0000000000000000', crashing_thread: 0 },
    modules: [{ filename: 'editor', debug_id: 'ABCD1', version: '', missing_symbols: false }],
    thread_count: 1,
    threads: [{ frames: stack, frame_count: stack.length, thread_name: 'main' }],
    ...more,
  };
}
