/**
 * What is wrong with lists, all of it at once: lines that cannot be used, that say what another says, that no frame
 * can match, and that stand in an order that misleads.
 */
import { type ListEntry, readListText } from '../list-text.ts';
import { LIST_FILES, LIST_NAMES, ListError, type ListName, type ListTexts, translateLine } from '../lists.ts';
import type { PatternJudge } from '../pattern-verdict.ts';
import { outOfOrder } from './alphabetical.ts';
import { CheckedLine, covers } from './checked-line.ts';
import { isPossibleFrame } from './possible-frame.ts';

export interface Finding {
  /** File name without folder. */
  readonly list: string;
  /** 1-based. */
  readonly line: number;
  readonly pattern: string;
  /**
   * `refused`: the lists cannot be used with it. `duplicate`, `shadowed`, `never`: it decides nothing. `order`: it does
   * what it says, but another place would be better.
   */
  readonly kind: 'refused' | 'duplicate' | 'shadowed' | 'never' | 'order';
  /** One sentence without a full stop. */
  readonly message: string;
  /** The other line that it is about. */
  readonly by?: { readonly list: string; readonly line: number; readonly pattern: string };
}

export interface LintOptions {
  readonly judge: PatternJudge;
  readonly signal?: AbortSignal | undefined;
}

type Find = (entry: ListEntry, kind: Finding['kind'], message: string, by?: ListEntry) => void;

/** In the order of files and lines. */
export async function lintLists(texts: ListTexts, options: LintOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const usable = new Map<ListName, readonly CheckedLine[]>();
  for (const name of LIST_NAMES.values()) {
    const find = finder(findings, name);
    const entries = readListText(texts[name] ?? '');
    const distinct = withoutDuplicates(entries, find);
    checkAlphabet(entries, find);
    const lines = translatable(distinct, find);
    if (name === 'sentinels') checkSentinels(lines, find);
    else usable.set(name, await withoutSlow(lines, find, options));
  }
  for (const [name, lines] of usable) {
    options.signal?.throwIfAborted();
    checkNever(lines, name, finder(findings, name));
    checkCovered(lines, finder(findings, name));
  }
  checkPrefixes(usable, findings);
  const files = [...LIST_NAMES.keys()];
  return findings.sort((a, b) => files.indexOf(a.list) - files.indexOf(b.list) || a.line - b.line);
}

const finder =
  (findings: Finding[], name: ListName, byName: ListName = name): Find =>
  ({ line, pattern }, kind, message, by) => {
    const other = by && { by: { list: LIST_FILES[byName], line: by.line, pattern: by.pattern } };
    findings.push({ list: LIST_FILES[name], line, pattern, kind, message, ...other });
  };

function withoutDuplicates(entries: readonly ListEntry[], find: Find): readonly ListEntry[] {
  const first = new Map<string, ListEntry>();
  for (const entry of entries) {
    const before = first.get(entry.pattern);
    if (before) find(entry, 'duplicate', `the same as line ${before.line}`, before);
    else first.set(entry.pattern, entry);
  }
  return [...first.values()];
}

function checkAlphabet(entries: readonly ListEntry[], find: Find): void {
  for (const [entry, before] of outOfOrder(entries)) {
    const place = before ? `before line ${before.line}` : 'at the end of its group';
    find(entry, 'order', `out of alphabetical order: it belongs ${place}`, before);
  }
}

function translatable(entries: readonly ListEntry[], find: Find): readonly CheckedLine[] {
  return entries.flatMap((entry) => {
    try {
      translateLine('', entry);
      return [new CheckedLine(entry)];
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      find(entry, 'refused', error.reason);
      return [];
    }
  });
}

async function withoutSlow(
  lines: readonly CheckedLine[],
  find: Find,
  { judge, signal }: LintOptions,
): Promise<readonly CheckedLine[]> {
  const verdicts = await judge(
    lines.map((line) => line.regex),
    { signal },
  );
  return lines.filter(({ entry }, i) => {
    const verdict = verdicts[i];
    if (verdict?.safe === false) find(entry, 'refused', verdict.reason);
    return verdict?.safe !== false;
  });
}

/** Sentinels are compared with whole frames. */
function checkSentinels(lines: readonly CheckedLine[], find: Find): void {
  for (const { entry } of lines) {
    if (!isPossibleFrame(entry.pattern)) {
      find(
        entry,
        'never',
        'no frame is called so: frames have no arguments, no return type, and templates as <T>',
      );
    }
  }
}

/** Lines of the trim list are about modules, which may be called anything. */
function checkNever(lines: readonly CheckedLine[], name: ListName, find: Find): void {
  for (const { entry, automaton, samples, isPlain } of lines) {
    if (automaton?.takesAny === false) find(entry, 'never', 'it matches nothing at all');
    else if (samples.length === 0 && isPlain) find(entry, 'never', 'it seems to match nothing at all');
    else if (name !== 'trim' && samples.length > 0 && !samples.some(isPossibleFrame)) {
      find(
        entry,
        'never',
        'no frame looks so: frames have no arguments, no return type, and templates as <T>',
      );
    }
  }
}

function checkCovered(lines: readonly CheckedLine[], find: Find): void {
  for (const [i, line] of lines.entries()) {
    const others = lines.map(
      (other, at) => ({ other, at, how: at === i ? 'no' : covers(other, line) }) as const,
    );
    const found = others.find(({ how }) => how !== 'no');
    if (!found) continue;
    const { other, at, how } = found;
    const word = how === 'surely' ? 'matches' : 'seems to match';
    if (at < i) {
      find(line.entry, 'shadowed', `line ${other.entry.line} ${word} all that it does`, other.entry);
    } else if (covers(line, other) === 'no') {
      // The joined lists match as before without it; it only takes the explanation away from the other line.
      const message = `the more general line ${other.entry.line} further down ${word} all that it does`;
      find(line.entry, 'order', message, other.entry);
    }
  }
}

/** The list of irrelevant frames is asked first, so that a prefix line below one of its lines decides nothing. */
function checkPrefixes(usable: ReadonlyMap<ListName, readonly CheckedLine[]>, findings: Finding[]): void {
  const find = finder(findings, 'prefix', 'irrelevant');
  const shadowed = new Set(findings.filter(({ list }) => list === LIST_FILES.prefix).map(({ line }) => line));
  for (const line of usable.get('prefix') ?? []) {
    if (shadowed.has(line.entry.line)) continue;
    const first = usable.get('irrelevant')?.find((other) => covers(other, line) !== 'no');
    if (!first) continue;
    const place = `${LIST_FILES.irrelevant}:${first.entry.line}`;
    find(line.entry, 'shadowed', `${place} matches all that it does, and is asked first`, first.entry);
  }
}
