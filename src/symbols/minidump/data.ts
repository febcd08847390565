/** What our reader finds in a minidump. Addresses are bigint inside the reader and hex text here. */
export type OsName =
  | 'Windows NT'
  | 'Mac OS X'
  | 'iOS'
  | 'Linux'
  | 'Solaris'
  | 'Android'
  | 'PS3'
  | 'NaCl'
  | 'Fuchsia'
  | (string & {});

export interface MinidumpSystem {
  readonly os: OsName;
  readonly osVersion: string;
  readonly cpuArch: string;
  readonly cpuInfo: string | null;
  readonly cpuCount: number;
  /** `0x…`, from Linux's /proc/cpuinfo. */
  readonly cpuMicrocode: string | null;
  /** 4 or 8; 8 when unknown. */
  readonly pointerBytes: number;
}

export interface MinidumpException {
  readonly threadId: number;
  readonly code: number;
  readonly flags: number;
  /** As rust-minidump words it: `SIGSEGV / SEGV_MAPERR`, `EXCEPTION_ACCESS_VIOLATION_READ`. */
  readonly reason: string;
  /** What was touched, where the system says so; otherwise the instruction. */
  readonly crashAddress: string;
}

export interface MinidumpThread {
  readonly id: number;
  readonly name: string | null;
  readonly stackStart: string;
  readonly stackBytes: number;
  /** From the thread's context, or the exception's for the thread that crashed; null when there is none. */
  readonly instruction: string | null;
  readonly registers: Readonly<Record<string, string>> | null;
  /** Windows: the name of GetLastError(), or its code in hex. */
  readonly lastError: string | null;
}

export interface MinidumpModule {
  /** The whole path, as the client sent it. */
  readonly path: string;
  readonly base: string;
  readonly size: number;
  /** The last part of the path. */
  readonly filename: string;
  readonly debugFile: string | null;
  /** Breakpad form: 32 upper-case hex digits and the age in hex. */
  readonly debugId: string | null;
  readonly codeId: string | null;
  readonly version: string | null;
}

export interface MinidumpUnloadedModule {
  readonly filename: string;
  readonly base: string;
  readonly size: number;
  readonly codeId: string;
}

export interface CrashpadModule {
  readonly index: number;
  readonly list: readonly string[];
  readonly simple: Readonly<Record<string, string>>;
  readonly objects: readonly { readonly name: string; readonly type: number; readonly value: string }[];
}

export interface CrashpadData {
  readonly reportId: string;
  readonly clientId: string;
  readonly simple: Readonly<Record<string, string>>;
  readonly modules: readonly CrashpadModule[];
}

export interface MiscData {
  readonly pid: number | null;
  /** Seconds since 1970. */
  readonly createTime: number | null;
  readonly userTime: number | null;
  readonly kernelTime: number | null;
}

export interface LinuxData {
  readonly lsbRelease: Readonly<Record<string, string>> | null;
  /** Protected: may hold anything. */
  readonly commandLine: string | null;
  readonly status: Readonly<Record<string, string>> | null;
  readonly mapCount: number | null;
}

export interface MemoryData {
  readonly ranges: number;
  readonly bytes: number;
  readonly infoRegions: number;
}

export interface AssertionData {
  readonly expression: string;
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly type: number;
}

export interface MinidumpData {
  /** `OK`, or why the dump is of no use: `ERROR_NO_MINIDUMP_HEADER`, `ERROR_NO_THREAD_LIST`. */
  readonly status: string;
  /** When the dump was written, seconds since 1970. */
  readonly time: number;
  readonly streams: readonly { readonly type: number; readonly name: string; readonly size: number }[];
  readonly system: MinidumpSystem | null;
  readonly exception: MinidumpException | null;
  /** Index into `threads`; the thread that crashed, or that asked for the dump. */
  readonly crashingThread: number | null;
  readonly threads: readonly MinidumpThread[];
  readonly modules: readonly MinidumpModule[];
  /** Indexes of the modules that a stack may pass through, likeliest first; their symbols are wanted. */
  readonly stackModules: readonly number[];
  readonly unloadedModules: readonly MinidumpUnloadedModule[];
  readonly memory: MemoryData;
  readonly misc: MiscData | null;
  readonly crashpad: CrashpadData | null;
  readonly assertion: AssertionData | null;
  readonly linux: LinuxData;
  readonly handles: number | null;
  /** One line for each thing that is broken; never client data. */
  readonly problems: readonly string[];
}
