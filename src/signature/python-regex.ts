/**
 * Python's regex syntax in JavaScript's. The lists are written in Python's, because fifteen years of them
 * are; what has no counterpart is refused with a reason. `\w`, `\d`, `\s` and `\b` know all of Unicode, as
 * Python's do for text; `ascii` gives the shorter pattern that says the same of ASCII subjects.
 * Syntax: https://docs.python.org/3/library/re.html#regular-expression-syntax
 */
import { RegexError } from './regex-atoms.ts';
import { RegexTranslation, type TranslateOptions } from './regex-translation.ts';
import type { Translated } from './translated-regex.ts';

const LONGEST = 2000;

/** Throws `RegexError`. */
export function translatePythonRegex(pattern: string, options: TranslateOptions): Translated {
  if (pattern.length > LONGEST) throw new RegexError(`longer than ${LONGEST} characters`);
  const translation = new RegexTranslation(pattern, options);
  const source = translation.run();
  const flags = translation.needsCaseFlag ? 'iu' : 'u';
  try {
    new RegExp(source, flags);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^.*: /, '') : String(cause);
    throw new RegexError(reason.charAt(0).toLowerCase() + reason.slice(1), { cause });
  }
  return { source, flags, alone: translation.alone, shape: translation.shape() };
}
