/** The lists as files of a folder. The only part of the generator that does I/O. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileLists, LIST_FILES, LIST_NAMES, type ListTexts, type SignatureLists } from './lists.ts';
import { judgePatterns, type SafetyOptions } from './pattern-safety.ts';

export interface ListOptions extends SafetyOptions {
  /** Stands before the file name in errors. */
  readonly folder?: string | undefined;
}

/**
 * Reads the five files of a folder; a missing or empty one matches nothing.
 * Rejects with `ListError` on a line that is no regex, cannot be translated or can be slow.
 */
export async function loadLists(dir: string, options: SafetyOptions = {}): Promise<SignatureLists> {
  return parseLists(await readListTexts(dir), { ...options, folder: dir });
}

/** As `loadLists`, from texts: lists that somebody is still editing. */
export const parseLists = (texts: ListTexts, options: ListOptions = {}): Promise<SignatureLists> =>
  compileLists(texts, {
    judge: (patterns, { signal }) => judgePatterns(patterns, { ...options, signal }),
    folder: options.folder === undefined ? undefined : join(options.folder, '/'),
    signal: options.signal,
  });

/** The texts of the five files as they are; a missing one is empty. */
export async function readListTexts(dir: string): Promise<ListTexts> {
  const names = [...LIST_NAMES.values()];
  const texts = await Promise.all(names.map((name) => readList(join(dir, LIST_FILES[name]))));
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? '']));
}

async function readList(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
