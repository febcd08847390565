/** Breakpad's `minidump_stackwalk`, ready-made in the npm package `minidump`: the walker that is there without asking. */
import { basename } from 'node:path';
import { SettingsError } from '../../lib/settings.ts';
import { parseLongForm, parseMachineForm } from '../breakpad-output.ts';
import { breakpadWalk } from '../breakpad-walk.ts';
import { findBreakpadTools } from '../find-tool.ts';
import { runTool, type ToolRun } from '../run-tool.ts';
import { defineWalker, type WalkerContext, type WalkerInput, type WalkerResult } from '../walker.ts';

const TOOL = 'minidump_stackwalk';
/** The long form walks once more: not worth it for a crash whose symbols take this part of the time limit to load. */
const LONG_FORM_SHARE = 0.4;

/** Breakpad logs `date time: file.cc:line: ERROR: text`; the text names no status, so our reader's is used. */
function failed(run: ToolRun, input: WalkerInput, notes: readonly string[]): WalkerResult {
  const status = input.data.status === 'OK' ? 'unknown error' : input.data.status;
  return {
    walk: undefined,
    status,
    exitCode: run.exitCode,
    timedOut: run.timedOut,
    stderr: run.stderr,
    notes,
  };
}

/** Only what went wrong: the tool tells of every symbol file and every address it looks at. */
const errorLines = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => !line.includes(': INFO: '))
    .join('\n')
    .replace(/^\.\.\.$/, '');

async function walk(
  command: string,
  context: WalkerContext,
  input: WalkerInput,
  signal: AbortSignal | undefined,
): Promise<WalkerResult> {
  const { limits } = context;
  const args = [input.path, ...input.symbolFolders];
  const started = performance.now();
  const run = await runTool(command, ['-m', ...args], limits, signal);
  const spentMs = performance.now() - started;
  if (run.overflowed) return failed(run, input, [`${TOOL}: more output than allowed`]);
  const machine = run.exitCode === 0 ? parseMachineForm(run.stdout.toString('utf8')) : undefined;
  if (!machine) return failed(run, input, run.exitCode === 0 ? [`${TOOL} produced unexpected output`] : []);
  const notes: string[] = [];
  let long: ToolRun | undefined;
  if (spentMs < limits.timeoutMs * LONG_FORM_SHARE)
    long = await runTool(command, args, { ...limits, timeoutMs: limits.timeoutMs - spentMs }, signal);
  const usable = long?.exitCode === 0 && !long.overflowed ? long : undefined;
  if (!usable) notes.push(`${TOOL}: no time for trust and inlined frames`);
  return {
    walk: breakpadWalk(machine, usable && parseLongForm(usable.stdout.toString('utf8')), input.data),
    status: 'OK',
    exitCode: run.exitCode,
    timedOut: false,
    stderr: errorLines(run.stderr),
    notes,
  };
}

export default defineWalker({
  name: 'breakpad',
  rank: 2,
  async open(context) {
    const command = context.command || (await findBreakpadTools(context.toolCache))?.stackwalk;
    if (command === undefined) return undefined;
    try {
      // It has no `--version`; without arguments it explains itself and ends with 1.
      const run = await runTool(command, [], { ...context.limits, timeoutMs: 10_000 });
      if (!run.stderr.includes('machine-readable')) throw new Error('it explains itself otherwise');
    } catch (cause) {
      throw new SettingsError(`${command} is not Breakpad's minidump_stackwalk or cannot be run here`, {
        cause,
      });
    }
    return {
      tool: `${basename(command)} (Breakpad)`,
      walk: (input, { signal }) => walk(command, context, input, signal),
    };
  },
});
