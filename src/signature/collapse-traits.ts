/**
 * Names with `IPC::ParamTraits<…>`, whose inside is collapsed in its turn, however deep that goes: names are hostile input of
 * any length, so all levels share one scan, and nothing calls itself.
 */
const OMITTED = '<name omitted>';
const OPERATOR = 'operator';
const TRAITS = 'IPC::ParamTraits';
const OPEN = '<'.charCodeAt(0);
const CLOSE = '>'.charCodeAt(0);

/** For each `<` where its `>` is; the text's length when it is never closed. A `>` that closes nothing is a character. */
function closings(text: string): Int32Array {
  const ends = new Int32Array(text.length).fill(text.length);
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === OPEN) open.push(i);
    else if (code === CLOSE) {
      const start = open.pop();
      if (start !== undefined) ends[start] = i;
    }
  }
  return ends;
}

/** Asks whether a word lies in a range; ranges must come in the order of their beginnings. */
class WordFinder {
  readonly #text: string;
  readonly #word: string;
  #at: number;

  constructor(text: string, word: string) {
    this.#text = text;
    this.#word = word;
    this.#at = text.indexOf(word);
  }

  isIn(start: number, end: number): boolean {
    while (this.#at >= 0 && this.#at < start) this.#at = this.#text.indexOf(this.#word, this.#at + 1);
    return this.#at >= 0 && this.#at + this.#word.length <= end;
  }
}

/** One level of `IPC::ParamTraits<…>`. */
interface Level {
  /** Where the text of this level ends. */
  readonly end: number;
  /** Where the level around it goes on. */
  readonly next: number;
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;

/** Without the last character of `[start, end)`, whatever it is: the bracket may never be closed. */
function withoutLast(text: string, start: number, end: number): number {
  const isPair = isLow(text.charCodeAt(end - 1)) && isHigh(text.charCodeAt(end - 2)) && end - 2 >= start;
  return Math.max(start, end - (isPair ? 2 : 1));
}

/** As `collapseTypes`, for any name. It takes longer than what that does for the others. */
export function collapseTraits(text: string): string {
  const ends = closings(text);
  const keeps = [' as ', ' in '].map((word) => new WordFinder(text, word));
  const parts: string[] = [];
  const levels: Level[] = [{ end: text.length, next: text.length }];
  // What stands before counts only from the last slice of its level on: `operator` far to the left does not.
  let from = 0;
  let at = 0;
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    while (at < level.end && text.charCodeAt(at) !== OPEN) at++;
    parts.push(text.slice(from, at));
    if (at === level.end) {
      levels.pop();
      if (levels.length > 0) parts.push('>');
      from = at = level.next;
      continue;
    }
    const close = ends[at] ?? text.length;
    const end = close < level.end ? close + 1 : level.end;
    const follows = (word: string): boolean => at - from >= word.length && text.endsWith(word, at);
    const isOmitted = end - at === OMITTED.length && text.startsWith(OMITTED, at);
    if (isOmitted || keeps.some((word) => word.isIn(at, end)) || follows(OPERATOR)) {
      parts.push(text.slice(at, end));
    } else if (follows(TRAITS)) {
      parts.push('<');
      levels.push({ end: withoutLast(text, at + 1, end), next: end });
      from = at = at + 1;
      continue;
    } else parts.push('<T>');
    from = at = end;
  }
  return parts.join('');
}
