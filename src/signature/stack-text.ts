/** A stack as a runtime prints it, as the generator's input: tracebacks, panics, oopses. */
import type { CrashData, CrashDataFrame } from './crash-data.ts';
import type { Language } from './languages/language.ts';
import { LANGUAGES, languageByName } from './languages/registry.ts';
import { splitLines } from './python-text.ts';

/** A log may hang on behind the stack. */
const MOST_LINES = 10_000;
const LONGEST_LINE = 4_000;

/**
 * Finds the stack in a text and what language it is of, unless that is given. The first stack counts, in Python's
 * chained tracebacks the last. Undefined when there is none, or nobody knows the language.
 */
export function readStackText(text: string, language?: string): CrashData | undefined {
  const lines = splitLines(text, MOST_LINES).map((line) => line.slice(0, LONGEST_LINE));
  const given = languageByName(language);
  if (language !== undefined && !given) return undefined;
  let best: { readonly of: Language; readonly frames: readonly CrashDataFrame[] } | undefined;
  for (const of of given ? [given] : LANGUAGES) {
    const frames = readFrames(lines, of);
    if (frames.length > (best?.frames.length ?? 0)) best = { of, frames };
  }
  if (!best) return undefined;
  const { of, frames } = best;
  return {
    crashing_thread: 0,
    language: of.name,
    threads: [{ frames: frames.map((frame) => ({ language: of.name, ...frame })) }],
  };
}

function readFrames(lines: readonly string[], language: Language): readonly CrashDataFrame[] {
  let frames: CrashDataFrame[] = [];
  for (const line of lines) {
    if (language.innermostLast && line.startsWith('Traceback ')) frames = [];
    // What follows an empty line is another thread, or something else altogether.
    if (!language.innermostLast && frames.length > 0 && line.trim() === '') break;
    const frame = language.readLine(line);
    if (frame) frames.push(frame);
  }
  return language.innermostLast ? frames.reverse() : frames;
}
