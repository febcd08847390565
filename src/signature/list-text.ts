/** A list file read as people wrote it: its patterns, and what the comments above them say. */
import { strip } from './python-text.ts';

export interface BugReference {
  /** As it stands in the comment: `bug 12345`, `LP: #12345`, an address. */
  readonly text: string;
  /** Absent for a bare number, since every project counts its own. */
  readonly url?: string;
}

export interface ListEntry {
  /** 1-based, in the file. */
  readonly line: number;
  readonly pattern: string;
  /** The comment lines right above the group of patterns that this one stands in, joined by spaces. */
  readonly comment?: string;
  readonly bugs: readonly BugReference[];
}

/** The lines of a file, whatever ends them; a byte-order mark is none of the first one. */
export const fileLines = (text: string): string[] => text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);

/**
 * The patterns of a file. A comment belongs to the patterns that follow it up to an empty line or the next comment,
 * for one reason often takes several lines.
 */
export function readListText(text: string): readonly ListEntry[] {
  const entries: ListEntry[] = [];
  let comment: string[] = [];
  let about: Pick<ListEntry, 'comment' | 'bugs'> = NO_COMMENT;
  for (const [i, raw] of fileLines(text).entries()) {
    const pattern = strip(raw);
    if (pattern.startsWith('#')) {
      comment.push(pattern.replace(/^#+\s*/, ''));
      continue;
    }
    if (comment.length > 0) about = pattern === '' ? NO_COMMENT : commented(comment);
    else if (pattern === '') about = NO_COMMENT;
    comment = [];
    if (pattern !== '') entries.push({ line: i + 1, pattern, ...about });
  }
  return entries;
}

const NO_COMMENT: Pick<ListEntry, 'comment' | 'bugs'> = { bugs: [] };

function commented(lines: readonly string[]): Pick<ListEntry, 'comment' | 'bugs'> {
  const comment = lines.filter((line) => line !== '').join(' ');
  return comment === '' ? NO_COMMENT : { comment, bugs: bugReferences(comment) };
}

/** Trackers whose short form is theirs alone. */
const TRACKERS: readonly (readonly [RegExp, (number: string) => string])[] = [
  [/^LP/i, (number) => `https://bugs.launchpad.net/bugs/${number}`],
  [/^rhbz/i, (number) => `https://bugzilla.redhat.com/show_bug.cgi?id=${number}`],
  [/^bmo/i, (number) => `https://bugzilla.mozilla.org/show_bug.cgi?id=${number}`],
];
const REFERENCE =
  /https?:\/\/[^\s<>"')\]]+|\b(?:bugs?|LP|rhbz|bmo|issue)(?:\s*[:#]\s*#?|\s+#?)(\d{1,12})\b/gi;

/** `bug 12345`, `Bug #12345`, `LP: #12345`, `rhbz#12345`, `bmo 12345`, `issue 12345` and addresses, in their order. */
export function bugReferences(comment: string): readonly BugReference[] {
  const found = new Map<string, BugReference>();
  for (const [whole, number] of comment.matchAll(REFERENCE)) {
    if (number === undefined) {
      const url = whole.replace(/[.,;:!?]+$/, '');
      found.set(url, { text: url, url });
      continue;
    }
    const url = TRACKERS.find(([start]) => start.test(whole))?.[1](number);
    found.set(whole, { text: whole, ...(url !== undefined && { url }) });
  }
  return [...found.values()];
}
