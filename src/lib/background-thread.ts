/** Threads whose work can wait let the others go first when the processor is short. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Lowers the priority of the thread that calls it. Linux gives every thread a number and a priority of its own; elsewhere
 * the number is the process's, and nothing is done. Refused (a sandbox), it changes nothing but the speed.
 */
export function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (thread !== process.pid) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Only a wish.
  }
}
