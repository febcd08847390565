/**
 * What the processor makes of a report. Names are those of Socorro's processed crash, so that exports, field
 * definitions and people's scripts carry over. Times are ISO 8601 text, UTC.
 */
import type { CrashId } from './crash-id.ts';

/** One function that the compiler inlined into a frame; innermost first. */
export interface InlineFrame {
  readonly function: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

/** How a frame was found, best first. */
export type FrameTrust =
  | 'context'
  | 'prewalked'
  | 'cfi'
  | 'cfi_scan'
  | 'frame_pointer'
  | 'scan'
  | 'inline'
  | 'none';

/** One frame, as minidump-stackwalk's JSON has it. Addresses are `0x` + lower-case hex. */
export interface StackFrame {
  readonly frame: number;
  readonly module?: string | null;
  readonly module_offset?: string | null;
  readonly offset?: string | null;
  readonly function?: string | null;
  readonly function_offset?: string | null;
  readonly file?: string | null;
  readonly line?: number | null;
  readonly inlines?: readonly InlineFrame[] | null;
  readonly unloaded_modules?:
    | readonly { readonly module: string; readonly offsets?: readonly string[] }[]
    | null;
  readonly trust?: FrameTrust;
  readonly missing_symbols?: boolean;
  /** Only where the walker gives them, mostly the top frame. Protected. */
  readonly registers?: Readonly<Record<string, string>> | null;
  /** Stands for frames cut out of the middle of a long stack. */
  readonly truncated?: { readonly msg: string };
}

export interface StackThread {
  readonly frames: readonly StackFrame[];
  readonly frame_count?: number;
  readonly thread_id?: number | null;
  readonly thread_name?: string | null;
  readonly last_error_value?: string | null;
  readonly truncated?: boolean;
}

export interface StackModule {
  readonly filename: string;
  readonly debug_file?: string | null;
  /** Breakpad form: 32 upper-case hex digits and the age in hex. */
  readonly debug_id?: string | null;
  readonly code_id?: string | null;
  readonly version?: string | null;
  readonly base_addr?: string | null;
  readonly end_addr?: string | null;
  readonly loaded_symbols?: boolean;
  readonly missing_symbols?: boolean;
  readonly corrupt_symbols?: boolean;
  readonly symbol_url?: string | null;
}

/** A stack walk: the shape of minidump-stackwalk's JSON, whichever tool made it. */
export interface StackWalk {
  /** `OK`, or why nothing could be walked, e.g. `ERROR_NO_MINIDUMP_HEADER`. */
  readonly status: string;
  readonly system_info?: {
    readonly os?: string | null;
    readonly os_ver?: string | null;
    readonly cpu_arch?: string | null;
    readonly cpu_info?: string | null;
    readonly cpu_count?: number | null;
    readonly cpu_microcode_version?: string | null;
  };
  readonly crash_info?: {
    readonly type?: string | null;
    readonly address?: string | null;
    readonly adjusted_address?: {
      readonly kind: string;
      readonly address?: string;
      readonly offset?: string;
    } | null;
    readonly crashing_thread?: number | null;
    readonly assertion?: string | null;
    readonly instruction?: string | null;
    readonly memory_accesses?: readonly { readonly is_likely_guard_page?: boolean }[] | null;
    readonly possible_bit_flips?: readonly { readonly confidence?: number }[] | null;
    readonly crash_inconsistencies?: readonly string[] | null;
  };
  readonly main_module?: number | null;
  readonly modules?: readonly StackModule[];
  readonly unloaded_modules?: readonly Readonly<Record<string, unknown>>[];
  readonly thread_count?: number;
  readonly threads?: readonly StackThread[];
  readonly pid?: number | null;
  readonly [field: string]: unknown;
}

/**
 * Which rule failed, kept so that a half-processed crash is never mistaken for a whole one.
 * `reason` is an error code or class, never its message: messages may hold client data and this is public.
 */
export interface FailedRule {
  readonly rule: string;
  readonly reason: string;
}

export interface ProcessedCrash {
  readonly id: CrashId;
  readonly signature: string;
  /** False when a rule failed; `failed_rules` says which. */
  readonly complete?: boolean;
  readonly failed_rules?: readonly FailedRule[];
  readonly date_processed?: string;
  readonly product?: string;
  readonly version?: string;
  readonly processor_notes?: string;
  readonly json_dump?: StackWalk;
  /** The signature generator's input (`CrashData`): what preview and re-sign read, and nothing else. */
  readonly signature_input?: Readonly<Record<string, unknown>>;
  /** How the signature came about (`SignatureTrace`). */
  readonly signature_trace?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}
