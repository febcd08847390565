/** Walks the stacks of every minidump; the main one's result is the crash's, the others' stand under their own name. */

import { MAIN_DUMP } from '../../model/main-dump.ts';
import type { WalkOutcome } from '../../symbols/stackwalker.ts';
import { defineRule, type Patch } from '../rule.ts';

const WALK_LIMIT_MS = 600_000;

function patchOf({ walk, exitCode, tool, stderr }: WalkOutcome): Patch {
  return {
    json_dump: walk,
    mdsw_return_code: exitCode,
    mdsw_status_string: walk.status,
    mdsw_stderr: stderr,
    stackwalk_version: tool,
    success: walk.status === 'OK',
  };
}

export default defineRule({
  name: 'stackwalk',
  needs: ['stackwalker'],
  // The walker has a limit of its own; this one only catches a walker that does not keep it.
  timeoutMs: WALK_LIMIT_MS,
  when: ({ dumps }) => dumps.some((dump) => dump.name.startsWith(MAIN_DUMP)),
  async run({ raw, dumps, scratch, signal, note }, { stackwalker }) {
    const patch: Record<string, unknown> = {};
    const additional: string[] = [];
    for (const dump of dumps.filter(({ name }) => name.startsWith(MAIN_DUMP))) {
      const outcome = await stackwalker.walk({ dump, annotations: raw.annotations, scratch }, { signal });
      for (const line of outcome.notes) note(line);
      if (dump.name === MAIN_DUMP) Object.assign(patch, patchOf(outcome));
      else {
        additional.push(dump.name);
        patch[dump.name] = patchOf(outcome);
      }
    }
    return additional.length > 0 ? { ...patch, additional_minidumps: additional } : patch;
  },
});
