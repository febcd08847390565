/** Crashes that no retention removes: a file of ids that lawyers and operators keep. */
import { readFile } from 'node:fs/promises';
import { SettingsError } from '../lib/settings.ts';
import { type CrashId, parseCrashId } from '../model/crash-id.ts';

/**
 * One id a line, `bp-` and report addresses too; `#` begins a comment. Empty path: no hold. Rejects with `SettingsError` for a file
 * that cannot be read and for a line that is no crash id: a typing error must not cost evidence.
 */
export async function readHold(path: string): Promise<ReadonlySet<CrashId>> {
  if (path === '') return new Set();
  const label = 'JOB_CLEANUP_STORAGE_HOLD';
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SettingsError(`${label}: ${path} cannot be read (${code}); nothing is removed without it`, {
      cause,
    });
  }
  const held = new Set<CrashId>();
  // A byte order mark is what editors of Windows begin with.
  for (const [at, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const word = line.replace(/(^|\s)#.*$/, '').trim();
    if (word === '') continue;
    const id = parseCrashId(word.startsWith('http') ? word : word.toLowerCase());
    if (!id)
      throw new SettingsError(`${label}: line ${at + 1} of ${path} is no crash id; nothing is removed`);
    held.add(id);
  }
  return held;
}
