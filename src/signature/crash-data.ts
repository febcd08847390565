/** The signature generator's input: Socorro's crash data schema. Every key is optional; missing is null. */
import type { InlineFrame } from '../model/processed-crash.ts';

export interface CrashDataFrame {
  readonly function?: string | null;
  readonly file?: string | null;
  readonly line?: number | string | null;
  readonly module?: string | null;
  /** As in `languages/`; its file's extension says it otherwise. */
  readonly language?: string | null;
  readonly module_offset?: string | null;
  readonly offset?: string | null;
  readonly inlines?: readonly Partial<InlineFrame>[] | null;
  readonly unloaded_modules?:
    | readonly { readonly module?: string | null; readonly offsets?: readonly string[] }[]
    | null;
  readonly [ignored: string]: unknown;
}

export interface CrashDataThread {
  readonly frames?: readonly CrashDataFrame[] | null;
  readonly last_error_value?: string | null;
  readonly thread_name?: string | null;
  readonly frame_count?: number | null;
  readonly [ignored: string]: unknown;
}

export interface CrashData {
  readonly crashing_thread?: number | string | null;
  readonly threads?: readonly CrashDataThread[] | null;
  /** Only `Windows NT` matters: its module names are lower-cased. */
  readonly os?: string | null;
  readonly reason?: string | null;
  readonly java_stack_trace?: unknown;
  readonly java_exception?: unknown;
  readonly oom_allocation_size?: number | string | null;
  readonly js_large_allocation_failure?: string | null;
  readonly abort_message?: string | null;
  /** JSON text. */
  readonly async_shutdown_timeout?: string | null;
  readonly ipc_channel_error?: string | null;
  readonly ipc_message_name?: string | null;
  readonly additional_minidumps?: readonly string[] | null;
  /** Of a report whose frames do not say theirs, e.g. `python`, `javascript`, `kernel`. */
  readonly language?: string | null;
  readonly hang?: string | number | null;
  readonly mdsw_status_string?: string | null;
  readonly original_signature?: string | null;
}
