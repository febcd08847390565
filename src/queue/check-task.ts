/** What may be published: the same on every queue, so that a change of queue changes nothing. */
import { isCrashId } from '../model/crash-id.ts';
import { type CrashTask, LANES, type Lane, QueueError } from './contract.ts';

/** Percent-encoded; leaves room for the rest of a file name within the 255 bytes that file systems allow. */
const MAX_RULESET_BYTES = 120;

/** Throws `QueueError` with `invalid`. */
export function checkTask(task: CrashTask, lane: Lane): void {
  if (!isCrashId(task.crashId)) throw new QueueError('invalid', 'the task has no valid crash id');
  if (!LANES.includes(lane)) throw new QueueError('invalid', `there is no lane ${String(lane)}`);
  const { ruleset } = task;
  if (ruleset === undefined) return;
  if (ruleset === '' || !ruleset.isWellFormed() || encodeURIComponent(ruleset).length > MAX_RULESET_BYTES)
    throw new QueueError('invalid', `the name of a rule set is text of 1 to ${MAX_RULESET_BYTES} bytes`);
}
