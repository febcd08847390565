/** A job without its setting does nothing, and says so once in the life of the process. */
import type { Log } from '../lib/log.ts';

const said = new Set<string>();

export function sayIdle(log: Log, job: string, setting: string): void {
  const line = `nothing to do: ${setting} is not set`;
  const key = `${job} ${setting}`;
  if (said.has(key)) return;
  said.add(key);
  log.info(line);
}
