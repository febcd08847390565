/** Crash ids as people give them: arguments, or one a line on stdin. */
import { type CrashId, parseCrashId } from '../model/crash-id.ts';
import { type CommandContext, UsageError } from './command.ts';

/** One crash id; throws `UsageError` when it is none. */
export function oneId(text: string): CrashId {
  const id = parseCrashId(text.trim());
  if (!id)
    throw new UsageError(
      `${JSON.stringify(text)} is not a crash id, like 0bba929f-8721-460c-8e70-a43c90261121`,
    );
  return id;
}

/** All ids, checked before the first is used. Throws `UsageError` when there is none or one is wrong. */
export async function allIds(context: CommandContext, words: readonly string[]): Promise<readonly CrashId[]> {
  const ids = words.map(oneId);
  if (words.length === 0) {
    for await (const line of context.stdinLines()) if (line.trim()) ids.push(oneId(line));
  }
  if (ids.length === 0) throw new UsageError('give crash ids as arguments, or one a line on stdin');
  return ids;
}
