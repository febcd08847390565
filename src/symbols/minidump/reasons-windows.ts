/** Windows: exception codes, worded as rust-minidump does, so that a crash has one reason whoever walked it. */
import { unpackNames } from './packed-names.ts';
import { WIN_ERROR } from './windows-errors.ts';
import { NT_STATUS } from './windows-nt-status.ts';

const EXCEPTIONS = unpackNames(
  'EXCEPTION_',
  `80000001:GUARD_PAGE DATATYPE_MISALIGNMENT BREAKPOINT SINGLE_STEP c0000005:ACCESS_VIOLATION IN_PAGE_ERROR
   c0000008:INVALID_HANDLE c000001d:ILLEGAL_INSTRUCTION c0000025:NONCONTINUABLE_EXCEPTION INVALID_DISPOSITION
   c000008c:BOUNDS_EXCEEDED FLT_DENORMAL_OPERAND FLT_DIVIDE_BY_ZERO FLT_INEXACT_RESULT FLT_INVALID_OPERATION
   FLT_OVERFLOW FLT_STACK_CHECK FLT_UNDERFLOW INT_DIVIDE_BY_ZERO INT_OVERFLOW PRIV_INSTRUCTION
   c00000fd:STACK_OVERFLOW c0000194:POSSIBLE_DEADLOCK e0434352:=MANAGED_EXCEPTION_CODE_V4`,
);

/** Codes that have words of their own: Chromium's out of memory, MSVC's C++ exception, Crashpad's dump without crash. */
const WORDS = new Map([
  [0xe0000008, 'Out of Memory'],
  [0xe06d7363, 'Unhandled C++ Exception'],
  [0x0517a7ed, 'Simulated Exception'],
]);

/** `__fastfail` codes (winnt.h). */
const FAST_FAIL = unpackNames(
  'FAST_FAIL_',
  `0:LEGACY_GS_VIOLATION VTGUARD_CHECK_FAILURE STACK_COOKIE_CHECK_FAILURE CORRUPT_LIST_ENTRY INCORRECT_STACK
   INVALID_ARG GS_COOKIE_INIT FATAL_APP_EXIT RANGE_CHECK_FAILURE UNSAFE_REGISTRY_ACCESS GUARD_ICALL_CHECK_FAILURE
   GUARD_WRITE_CHECK_FAILURE INVALID_FIBER_SWITCH INVALID_SET_OF_CONTEXT INVALID_REFERENCE_COUNT
   12:INVALID_JUMP_BUFFER MRDATA_MODIFIED CERTIFICATION_FAILURE INVALID_EXCEPTION_CHAIN CRYPTO_LIBRARY
   INVALID_CALL_IN_DLL_CALLOUT INVALID_IMAGE_BASE DLOAD_PROTECTION_FAILURE UNSAFE_EXTENSION_CALL
   DEPRECATED_SERVICE_INVOKED INVALID_BUFFER_ACCESS INVALID_BALANCED_TREE INVALID_NEXT_THREAD
   GUARD_ICALL_CHECK_SUPPRESSED APCS_DISABLED INVALID_IDLE_STATE MRDATA_PROTECTION_FAILURE
   UNEXPECTED_HEAP_EXCEPTION INVALID_LOCK_STATE GUARD_JUMPTABLE INVALID_LONGJUMP_TARGET INVALID_DISPATCH_CONTEXT
   INVALID_THREAD INVALID_SYSCALL_NUMBER INVALID_FILE_OPERATION LPAC_ACCESS_DENIED GUARD_SS_FAILURE
   LOADER_CONTINUITY_FAILURE GUARD_EXPORT_SUPPRESSION_FAILURE INVALID_CONTROL_STACK SET_CONTEXT_DENIED
   INVALID_IAT HEAP_METADATA_CORRUPTION PAYLOAD_RESTRICTION_VIOLATION LOW_LABEL_ACCESS_DENIED
   ENCLAVE_CALL_FAILURE UNHANDLED_LSS_EXCEPTON ADMINLESS_ACCESS_DENIED UNEXPECTED_CALL
   CONTROL_INVALID_RETURN_ADDRESS UNEXPECTED_HOST_BEHAVIOR FLAGS_CORRUPTION VEH_CORRUPTION ETW_CORRUPTION
   RIO_ABORT INVALID_PFN GUARD_ICALL_CHECK_FAILURE_XFG CAST_GUARD HOST_VISIBILITY_CHANGE
   KERNEL_CET_SHADOW_STACK_ASSIST PATCH_CALLBACK_FAILED NTDLL_PATCH_FAILED INVALID_FLS_DATA ASAN_ERROR`,
);

const ACCESS = new Map([
  [0n, 'READ'],
  [1n, 'WRITE'],
  [8n, 'EXEC'],
]);

const ACCESS_VIOLATION = 0xc0000005;
const IN_PAGE_ERROR = 0xc0000006;
const STACK_BUFFER_OVERRUN = 0xc0000409;
const FACILITY_VISUALCPP = 109;

const hex8 = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;

/** What GetLastError() says: a Win32 error, else an NTSTATUS, else a delay-load failure, else its number. */
export function windowsError(code: number): string {
  const known = WIN_ERROR.get(code) ?? NT_STATUS.get(code);
  if (known) return known;
  if (code >>> 28 !== 0 && ((code >>> 16) & 0xfff) === FACILITY_VISUALCPP) {
    const error = WIN_ERROR.get(code & 0xffff);
    if (error) return `FACILITY_VISUALCPP / ${error}`;
  }
  return `unknown ${hex8(code)}`;
}

const ntStatus = (code: number): string => NT_STATUS.get(code) ?? hex8(code);

/** `parameters` are the exception's own, as many as it says it has. */
export function windowsReason(code: number, parameters: readonly bigint[]): string {
  const [kind, , status] = parameters;
  const access = kind === undefined ? undefined : ACCESS.get(kind);
  if (code === ACCESS_VIOLATION && access) return `EXCEPTION_ACCESS_VIOLATION_${access}`;
  if (code === IN_PAGE_ERROR && access && status !== undefined)
    return `EXCEPTION_IN_PAGE_ERROR_${access} / ${ntStatus(Number(status & 0xffffffffn))}`;
  if (code === STACK_BUFFER_OVERRUN && kind !== undefined) {
    const reason = Number(kind & 0xffffffffn);
    return `EXCEPTION_STACK_BUFFER_OVERRUN / ${FAST_FAIL.get(reason) ?? hex8(reason)}`;
  }
  return WORDS.get(code) ?? EXCEPTIONS.get(code) ?? windowsError(code);
}

/** True when the second parameter is the address that was touched. */
export const windowsTouched = (code: number): boolean => code === ACCESS_VIOLATION || code === IN_PAGE_ERROR;
