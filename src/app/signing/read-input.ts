/** Crash data or processed crashes as JSON, or a stack as its runtime prints it, from a file or stdin. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isRecord } from '../../signature/python-values.ts';
import { readStackText } from '../../signature/stack-text.ts';
import { type CommandContext, CommandError, UsageError } from '../command.ts';
import type { SomeCrash } from './signed.ts';

/** More is no crash, and no file of them either. */
const MAX_CHARACTERS = 512 * 1024 * 1024;

async function readStdin(context: CommandContext): Promise<string> {
  const lines: string[] = [];
  let size = 0;
  for await (const line of context.stdinLines()) {
    size += line.length + 1;
    if (size > MAX_CHARACTERS) throw new CommandError(`stdin has more than ${MAX_CHARACTERS} characters`);
    lines.push(line);
  }
  if (lines.length === 0) throw new UsageError('give crash data or a processed crash as JSON on stdin');
  return lines.join('\n');
}

async function readInput(file: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`${file} cannot be read (${code ?? 'error'})`, { cause });
  }
}

/** `-` is stdin. One object or an array of them; throws `CommandError` for anything else. */
export async function readCrashes(context: CommandContext, file: string): Promise<readonly SomeCrash[]> {
  const where = file === '-' ? 'stdin' : file;
  const { cwd } = await context.configuration();
  const written = file === '-' ? await readStdin(context) : await readInput(file, cwd);
  // PowerShell and Notepad begin a file with a byte order mark, which is no JSON.
  const text = written.replace(/^\ufeff/, '');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const stack = readStackText(text);
    if (stack) return [stack];
    throw new CommandError(`${where} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const crashes: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const wrong = crashes.findIndex((crash) => !isRecord(crash));
  if (wrong >= 0)
    throw new CommandError(
      `${where}: ${Array.isArray(parsed) ? `element ${wrong}` : 'the JSON'} is no object, as crash data and processed crashes are`,
    );
  return crashes as readonly SomeCrash[];
}
