import type { SignatureRule } from './rule.ts';
import abort from './rules/abort.ts';
import badHardware from './rules/bad-hardware.ts';
import hungProcess from './rules/hung-process.ts';
import ipcChannelError from './rules/ipc-channel-error.ts';
import ipcMessageName from './rules/ipc-message-name.ts';
import outOfMemory from './rules/out-of-memory.ts';
import printableCharacters from './rules/printable-characters.ts';
import runWatchdog from './rules/run-watchdog.ts';
import shutdownTimeout from './rules/shutdown-timeout.ts';
import stack from './rules/stack.ts';
import stackOverflow from './rules/stack-overflow.ts';
import stackwalkerError from './rules/stackwalker-error.ts';
import truncate from './rules/truncate.ts';
import whiteSpace from './rules/white-space.ts';

/** The rules that come with the package, one file each; their order is what they say themselves. */
export const defaultRules: readonly SignatureRule[] = [
  abort,
  badHardware,
  hungProcess,
  ipcChannelError,
  ipcMessageName,
  outOfMemory,
  printableCharacters,
  runWatchdog,
  shutdownTimeout,
  stack,
  stackOverflow,
  stackwalkerError,
  truncate,
  whiteSpace,
];
