/** Ends a process that cannot end by itself. */
import { setTimeout as delay } from 'node:timers/promises';

/** Nobody may be reading any more. */
const FLUSH_MS = 2_000;

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => void stream.write('', () => resolve()));

/**
 * Ends the process with `code` once what it printed is out. `process.exit` joins the threads, and one that stands in a
 * system call which never returns (a dead NFS mount, a FIFO) keeps it for ever (Node 24; test/app/check.test.ts); another
 * program in the same process ends them. Node before 22.15 cannot do that: there the code is that of SIGKILL.
 */
export async function leave(code: number): Promise<never> {
  const output = Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  await Promise.race([output, delay(FLUSH_MS)]);
  process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {});
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => undefined);
}
