/** Linux and Android: signals and their `si_code` (bits/signum.h, asm-generic/siginfo.h), worded as rust-minidump does. */
import { unpackNames } from './packed-names.ts';

const SIGNALS = unpackNames(
  'SIG',
  `1:HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN
   TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS ffffffff:=DUMP_REQUESTED`,
);

/** `si_code` of any signal, by its value as an unsigned 32-bit number. */
const GENERAL = unpackNames(
  'SI_',
  '0:USER 80:KERNEL ffffffc4:ASYNCNL fffffff9:DETHREAD TKILL SIGIO ASYNCIO MESGQ TIMER QUEUE',
);

const OWN: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  SIGILL: unpackNames('ILL_', '1:ILLOPC ILLOPN ILLADR ILLTRP PRVOPC PRVREG COPROC BADSTK BADIADDR'),
  SIGTRAP: unpackNames('TRAP_', '1:BRKPT TRACE BRANCH HWBKPT UNK PERF'),
  SIGFPE: unpackNames('FPE_', '1:INTDIV INTOVF FLTDIV FLTOVF FLTUND FLTRES FLTINV FLTSUB'),
  SIGSEGV: unpackNames('SEGV_', '1:MAPERR ACCERR BNDERR PKUERR'),
  SIGBUS: unpackNames('BUS_', '1:ADRALN ADRERR OBJERR MCEERR_AR MCEERR_AO'),
  SIGSYS: unpackNames('SYS_', '1:SECCOMP USER_DISPATCH'),
};

const hex8 = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;

/** Undefined for a number that is no signal. */
export function linuxReason(code: number, flags: number): string | undefined {
  const signal = SIGNALS.get(code);
  if (signal === undefined) return undefined;
  const own = OWN[signal]?.get(flags);
  if (own) return `${signal} / ${own}`;
  const general = GENERAL.get(flags);
  if (general === 'SI_USER') return signal;
  return `${signal} / ${general ?? hex8(flags)}`;
}
