/** rust-minidump's `minidump-stackwalk`: JSON with registers, trust, inlines, unloaded modules and instruction analysis. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '../../lib/settings.ts';
import type { StackWalk } from '../../model/processed-crash.ts';
import { findOnPath } from '../find-tool.ts';
import { runTool, type ToolRun } from '../run-tool.ts';
import { defineWalker, type WalkerContext, type WalkerInput, type WalkerResult } from '../walker.ts';

const TOOL = 'minidump-stackwalk';
const VERSION_TIMEOUT_MS = 10_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `ERROR HeaderMismatch - Error reading dump: Header mismatch`: the second word is what people search for. */
export function logIndicator(line: string): string | undefined {
  const match = /^ERROR:? (\w{1,60})/.exec(line);
  return match?.[1];
}

function parseOutput(run: ToolRun, notes: string[]): StackWalk | undefined {
  if (run.overflowed) {
    notes.push(`${TOOL}: more output than allowed`);
    return undefined;
  }
  if (run.exitCode !== 0) return undefined;
  const text = run.stdout.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the output, and notes are public.
    notes.push(`${TOOL}: non-json output`);
    return undefined;
  }
  if (!isObject(value) || !Array.isArray(value['threads'])) {
    notes.push(`${TOOL} produced unexpected output`);
    return undefined;
  }
  const status = typeof value['status'] === 'string' ? value['status'] : 'unknown error';
  return { ...value, status };
}

function describe(run: ToolRun): WalkerResult {
  const notes: string[] = [];
  const walk = parseOutput(run, notes);
  const indicator = logIndicator(run.firstErrorLine);
  let status = walk?.status ?? 'unknown error';
  if (indicator && (status === 'OK' || status === 'unknown error')) {
    // Socorro does the same: a walk that ended well may still have lost part of the dump.
    if (walk) notes.push(`${TOOL}: ${indicator}`);
    status = indicator;
  }
  return { walk, status, exitCode: run.exitCode, timedOut: run.timedOut, stderr: run.stderr, notes };
}

async function walk(
  command: string,
  context: WalkerContext,
  input: WalkerInput,
  signal: AbortSignal | undefined,
): Promise<WalkerResult> {
  const annotations = join(input.scratch, 'annotations.json');
  await writeFile(annotations, JSON.stringify(input.annotations), { mode: 0o600 });
  const symbols = input.symbolFolders.flatMap((folder) => ['--symbols-path', folder]);
  const args = ['--json', '--no-color', '--no-interactive', '--verbose=error', `--evil-json=${annotations}`];
  return describe(await runTool(command, [...args, ...symbols, input.path], context.limits, signal));
}

async function findCommand(context: WalkerContext): Promise<string | undefined> {
  return context.command !== '' ? context.command : findOnPath(TOOL, context.toolFolders);
}

export default defineWalker({
  name: 'rust-minidump',
  rank: 1,
  async open(context) {
    const command = await findCommand(context);
    if (command === undefined) return undefined;
    let version: ToolRun;
    try {
      version = await runTool(command, ['--version'], { ...context.limits, timeoutMs: VERSION_TIMEOUT_MS });
    } catch (cause) {
      throw new SettingsError(`STACKWALK_COMMAND: ${command} cannot be run`, { cause });
    }
    const text = version.stdout.toString('utf8').trim();
    if (version.exitCode !== 0 || !text.startsWith(TOOL))
      throw new SettingsError(
        `${command} is not minidump-stackwalk of rust-minidump (\`--version\` says otherwise)`,
      );
    return {
      tool: text.split('\n', 1)[0] ?? TOOL,
      walk: (input, { signal }) => walk(command, context, input, signal),
    };
  },
});
