/** Lines out of place in a group that is kept in alphabetical order, so that people find what they look for. */
import type { ListEntry } from '../list-text.ts';

/** The part of a group that must be in order for the rest to be a slip; groups by subject are left alone. */
const MOSTLY = 0.8;
const FEWEST = 5;

/** What people sort by: the letters, not the brackets around them. */
const keyOf = ({ pattern }: ListEntry): string => pattern.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Each with the line that it belongs before, or undefined for the end of its group. */
export function outOfOrder(
  entries: readonly ListEntry[],
): readonly (readonly [entry: ListEntry, before: ListEntry | undefined])[] {
  return groupsOf(entries).flatMap((group) => {
    const kept = longestSorted(group);
    if (group.length < FEWEST || kept.size === group.length || kept.size < group.length * MOSTLY) return [];
    const strays = group.filter((entry) => !kept.has(entry));
    return strays.map((entry) => [entry, [...kept].find((one) => keyOf(one) > keyOf(entry))] as const);
  });
}

/** Lines that follow each other without a comment or an empty line between them. */
function groupsOf(entries: readonly ListEntry[]): readonly (readonly ListEntry[])[] {
  const groups: ListEntry[][] = [];
  let last = Number.NaN;
  for (const entry of entries) {
    if (entry.line === last + 1) groups.at(-1)?.push(entry);
    else groups.push([entry]);
    last = entry.line;
  }
  return groups;
}

/** The longest row of entries, in their order, of which each is not before the one in front of it. */
function longestSorted(group: readonly ListEntry[]): ReadonlySet<ListEntry> {
  const keys = group.map(keyOf);
  const lengths: number[] = [];
  const previous: number[] = [];
  let best = 0;
  for (const [i, key] of keys.entries()) {
    let before = -1;
    for (let j = 0; j < i; j++) {
      const isLonger = (lengths[j] ?? 0) > (lengths[before] ?? 0);
      if (isLonger && (keys[j] ?? '') <= key) before = j;
    }
    lengths.push((lengths[before] ?? 0) + 1);
    previous.push(before);
    if ((lengths[i] ?? 0) > (lengths[best] ?? 0)) best = i;
  }
  const row: ListEntry[] = [];
  for (let at = best, entry = group[at]; entry; at = previous[at] ?? -1, entry = group[at])
    row.unshift(entry);
  return new Set(row);
}
