/**
 * Names of those who hold tasks, one per `consume`. A name tells other processes of the same machine which process
 * it was, so that a killed one is known to be dead at once; everybody else goes by its lease.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const UNKNOWN = 'unknown';
const SHAPE = /^([0-9a-f]{12}|unknown)-(\d+)-(\d+)-[0-9a-f]{12}$/;

/** Field 22 of proc_pid_stat(5); undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: it ended between open and read.
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  // The command (field 2) stands in parentheses and may itself contain some.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * Which set of process ids is meant: boot and pid namespace, because containers share a boot and often a host name.
 * `unknown` where there is no /proc: then only the lease counts.
 */
function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const processes = readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(`${hostname()}\n${boot}\n${processes}`).digest('hex').slice(0, 12);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return UNKNOWN;
    throw error;
  }
}

const here = machine();
const started = here === UNKNOWN ? '0' : (startOf(process.pid) ?? '0');

export const newOwner = (): string => `${here}-${process.pid}-${started}-${randomBytes(6).toString('hex')}`;

/** True only when the process is known to be gone; false says nothing. */
export function isKnownDead(owner: string): boolean {
  const match = SHAPE.exec(owner);
  if (!match || match[1] !== here || here === UNKNOWN) return false;
  return startOf(Number(match[2])) !== match[3];
}
