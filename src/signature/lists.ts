/** The five lists that steer signatures: one Python regex a line, `#` starts a comment line. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PatternLine, PatternList } from './pattern-list.ts';
import { judgePatterns, type SafetyOptions } from './pattern-safety.ts';
import { type Translated, translatePythonRegex } from './python-regex.ts';
import { strip } from './python-text.ts';
import { RegexError } from './regex-atoms.ts';

/** File names, in the order in which they are digested. */
export const LIST_FILES = {
  sentinels: 'signature_sentinels.txt',
  irrelevant: 'irrelevant_signature_re.txt',
  prefix: 'prefix_signature_re.txt',
  trim: 'trim_dll_signature_re.txt',
  lineNumbers: 'signatures_with_line_numbers_re.txt',
} as const;

export type ListName = keyof typeof LIST_FILES;

/** A line that cannot be used; the message is `file:line: reason`. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly code = 'invalid';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly reason: string;

  constructor(file: string, line: number, reason: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${reason}`, options);
    this.file = file;
    this.line = line;
    this.reason = reason;
  }
}

/** An exact frame at which a stack begins. */
export interface Sentinel {
  readonly frame: string;
  /** 1-based. */
  readonly line: number;
  /** Counts only in a stack that has this frame as well. No file can say so; lists made by code can. */
  readonly onlyWith?: string;
}

export interface SignatureLists {
  /** SHA-256 over the five files, hex. */
  readonly digest: string;
  readonly sentinels: ReadonlyMap<string, Sentinel>;
  /** Frames that never name the bug: skipped. */
  readonly irrelevant: PatternList;
  /** Frames that are kept, and the next one as well. */
  readonly prefix: PatternList;
  /** Modules of which only what stands before `@` counts, equal neighbours once. */
  readonly trim: PatternList;
  /** Functions whose line number belongs to the signature. */
  readonly lineNumbers: PatternList;
}

export type ListTexts = { readonly [N in ListName]?: string };

/** What `parseLists` takes besides the texts. */
export interface ListOptions extends SafetyOptions {
  /** Stands before the file name in errors. */
  readonly folder?: string;
}

/**
 * Reads the five files of a folder; a missing or empty one matches nothing.
 * Rejects with `ListError` on a line that is no regex, cannot be translated or can be slow.
 */
export async function loadLists(dir: string, options: SafetyOptions = {}): Promise<SignatureLists> {
  const names = Object.keys(LIST_FILES) as ListName[];
  const texts = await Promise.all(names.map((name) => readList(join(dir, LIST_FILES[name]))));
  const byName = Object.fromEntries(names.map((name, i) => [name, texts[i] ?? ''])) as ListTexts;
  return parseLists(byName, { ...options, folder: dir });
}

async function readList(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** As `loadLists`, from texts: lists that somebody is still editing. */
export async function parseLists(texts: ListTexts, options: ListOptions = {}): Promise<SignatureLists> {
  const lines = (name: ListName): readonly PatternLine[] => linesOf(texts[name] ?? '');
  const checks: { readonly file: string; readonly line: number; readonly regex: Translated }[] = [];
  for (const name of Object.keys(LIST_FILES) as ListName[]) {
    const file = options.folder === undefined ? LIST_FILES[name] : join(options.folder, LIST_FILES[name]);
    for (const line of lines(name)) {
      const regex = translateLine(file, line);
      // Sentinels are compared, not matched; that they must compile is the original's check of the file.
      if (name !== 'sentinels') checks.push({ file, line: line.line, regex });
    }
  }
  const verdicts = await judgePatterns(
    checks.map((check) => check.regex),
    options,
  );
  for (const [i, check] of checks.entries()) {
    const verdict = verdicts[i];
    if (verdict?.safe === false) throw new ListError(check.file, check.line, verdict.reason);
  }
  const list = (name: ListName): PatternList => new PatternList(LIST_FILES[name], lines(name));
  return {
    digest: digestOf(texts),
    sentinels: sentinelsOf(lines('sentinels')),
    irrelevant: list('irrelevant'),
    prefix: list('prefix'),
    trim: list('trim'),
    lineNumbers: list('lineNumbers'),
  };
}

function translateLine(file: string, { line, pattern }: PatternLine): Translated {
  try {
    translatePythonRegex(pattern, { unicode: true });
    return translatePythonRegex(pattern, { unicode: false });
  } catch (error) {
    if (error instanceof RegexError) throw new ListError(file, line, error.message, { cause: error });
    throw error;
  }
}

function linesOf(text: string): PatternLine[] {
  const lines: PatternLine[] = [];
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const pattern = strip(raw);
    if (pattern !== '' && !pattern.startsWith('#')) lines.push({ line: i + 1, pattern });
  }
  return lines;
}

/** The first line of equal ones counts. */
function sentinelsOf(lines: readonly PatternLine[]): ReadonlyMap<string, Sentinel> {
  const sentinels = new Map<string, Sentinel>();
  for (const { line, pattern } of lines) {
    if (!sentinels.has(pattern)) sentinels.set(pattern, { frame: pattern, line });
  }
  return sentinels;
}

function digestOf(texts: ListTexts): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(LIST_FILES) as ListName[]) {
    const text = texts[name] ?? '';
    hash.update(`${LIST_FILES[name]}\0${Buffer.byteLength(text)}\0`).update(text);
  }
  return hash.digest('hex');
}
