/** The five lists that steer signatures: one Python regex a line, `#` starts a comment line. */
import { type ListEntry, readListText } from './list-text.ts';
import { PatternList } from './pattern-list.ts';
import type { PatternJudge } from './pattern-verdict.ts';
import { translatePythonRegex } from './python-regex.ts';
import { RegexError } from './regex-atoms.ts';
import type { Translated } from './translated-regex.ts';

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
  /** What they were made of: kept by digest, so that an explanation can show a line years later. */
  readonly texts: ListTexts;
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

/** The files' names as keys: `LIST_NAMES.get('prefix_signature_re.txt')` is `prefix`. */
export const LIST_NAMES: ReadonlyMap<string, ListName> = new Map(
  (Object.keys(LIST_FILES) as ListName[]).map((name) => [LIST_FILES[name], name]),
);

export interface CompileOptions {
  /** Decides about the lines that their form alone does not show harmless. */
  readonly judge: PatternJudge;
  /** Stands before the file name in errors, e.g. `siglists/`. */
  readonly folder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Line {
  readonly file: string;
  readonly line: number;
  readonly regex: Translated;
}

/**
 * Lists from their texts; a missing or empty one matches nothing.
 * Rejects with `ListError` on a line that is no regex, cannot be translated or can be slow.
 */
export async function compileLists(texts: ListTexts, options: CompileOptions): Promise<SignatureLists> {
  const entries = new Map<ListName, readonly ListEntry[]>();
  for (const name of LIST_NAMES.values()) entries.set(name, readListText(texts[name] ?? ''));
  await refuseSlowLines(translateAll(entries, options.folder ?? ''), options);
  const list = (name: ListName): PatternList => new PatternList(LIST_FILES[name], entries.get(name) ?? []);
  return {
    digest: await digestOf(texts),
    texts,
    sentinels: sentinelsOf(entries.get('sentinels') ?? []),
    irrelevant: list('irrelevant'),
    prefix: list('prefix'),
    trim: list('trim'),
    lineNumbers: list('lineNumbers'),
  };
}

function translateAll(entries: ReadonlyMap<ListName, readonly ListEntry[]>, folder: string): readonly Line[] {
  const lines: Line[] = [];
  for (const [name, list] of entries) {
    const file = folder + LIST_FILES[name];
    for (const entry of list) {
      const regex = translateLine(file, entry);
      // Sentinels are compared, not matched; that they must compile is the original's check of the file.
      if (name !== 'sentinels') lines.push({ file, line: entry.line, regex });
    }
  }
  return lines;
}

async function refuseSlowLines(lines: readonly Line[], { judge, signal }: CompileOptions): Promise<void> {
  const verdicts = await judge(
    lines.map((line) => line.regex),
    { signal },
  );
  for (const [i, { file, line }] of lines.entries()) {
    const verdict = verdicts[i];
    if (verdict?.safe === false) throw new ListError(file, line, verdict.reason);
  }
}

/** Throws `ListError`. */
export function translateLine(file: string, { line, pattern }: ListEntry): Translated {
  try {
    translatePythonRegex(pattern, { unicode: true });
    return translatePythonRegex(pattern, { unicode: false });
  } catch (error) {
    if (error instanceof RegexError) throw new ListError(file, line, error.message, { cause: error });
    throw error;
  }
}

/** The first line of equal ones counts. */
function sentinelsOf(lines: readonly ListEntry[]): ReadonlyMap<string, Sentinel> {
  const sentinels = new Map<string, Sentinel>();
  for (const { line, pattern } of lines) {
    if (!sentinels.has(pattern)) sentinels.set(pattern, { frame: pattern, line });
  }
  return sentinels;
}

/** SHA-256 over the five files, hex: by what browsers have as well. */
export async function digestOf(texts: ListTexts): Promise<string> {
  const encoder = new TextEncoder();
  const parts = [...LIST_NAMES].flatMap(([file, name]) => {
    const text = encoder.encode(texts[name] ?? '');
    return [encoder.encode(`${file}\0${text.byteLength}\0`), text];
  });
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
