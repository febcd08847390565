/** Where the tests put their files. */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
/** The largest single test holds about 1 GB at a time; several run at once. */
const ROOM_NEEDED = 6 * 1024 ** 3;

/**
 * A file system in memory when there is one with room, else the temporary folder of the system. The stores sync every
 * write to disk, thousands of times in a run: on a machine whose disk is shared with others (seen: CI, where 256 MB took
 * five minutes) that is most of the run and proves nothing, since a test cannot cut the power. `TMPDIR` overrides.
 */
export function testFolder(): string {
  if (process.env['TMPDIR'] !== undefined) return tmpdir();
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_NEEDED ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
