/** What a failed system call says. */
import { constants } from 'node:os';

const { EDQUOT, ESTALE, ENOLINK } = constants.errno;

/**
 * Errors that libuv has no name for: Node calls them `Unknown system error -122`, so that a used-up quota and a stale
 * NFS handle look like nothing anybody knows. EUCLEAN (117, a damaged ext4 or XFS) is of Linux alone.
 */
const NAMELESS: ReadonlyMap<number, string> = new Map([
  [EDQUOT, 'EDQUOT'],
  [ESTALE, 'ESTALE'],
  [ENOLINK, 'ENOLINK'],
  ...(process.platform === 'linux' ? ([[117, 'EUCLEAN']] as const) : []),
]);

const UNKNOWN = /^Unknown system error -(\d+)$/;

/** The name of the system's error, `ENOENT`; undefined when the error is none of the system's. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  const number = UNKNOWN.exec(code)?.[1];
  return number === undefined ? code : (NAMELESS.get(Number(number)) ?? code);
}
