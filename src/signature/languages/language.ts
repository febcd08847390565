/** A language whose frames are named by rules of its own: one file each in this folder. */
import type { CrashDataFrame } from '../crash-data.ts';

export interface NamedFrame {
  /** As the walker, the runtime or the log wrote it; never empty. */
  readonly function: string;
  /** Empty when it is not known. */
  readonly file: string;
  /** Of a package or a shared library; empty when it is not known. */
  readonly module: string;
}

export interface Language {
  /** As in `language` of a frame or of a report. */
  readonly name: string;
  /** Extensions of source files, without the dot. */
  readonly extensions: readonly string[];
  /** Whether a name can be of this language alone, whatever else is known of its frame. */
  claims?(name: string): boolean;
  /** The name as the lists know it. The same bug must give the same name with the next build. */
  normalise(frame: NamedFrame): string;
  /** A line of a stack as the runtime prints it, without what ends it; undefined for one that is no frame. */
  readLine(line: string): CrashDataFrame | undefined;
  /** Python prints the innermost frame last. */
  readonly innermostLast?: boolean;
}

export const defineLanguage = (language: Language): Language => language;

/** A frame out of the parts that a line of a stack has; empty ones are left out. */
export function frameOf(parts: {
  readonly name?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: string | undefined;
  readonly module?: string | undefined;
}): CrashDataFrame {
  return {
    ...(parts.name ? { function: parts.name } : {}),
    ...(parts.file ? { file: parts.file } : {}),
    ...(parts.line ? { line: Number(parts.line) } : {}),
    ...(parts.module ? { module: parts.module } : {}),
  };
}

/** `/a/b.py` and `C:\a\b.py` → `b.py`. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
