/** Why there is no stack: the crash came without a dump, or its dump was dropped, and which limit cost it. */
import type { RawCrash } from '../../model/report.ts';

export type DumpStory =
  | { readonly kind: 'kept' }
  | { readonly kind: 'never_sent' }
  | { readonly kind: 'dropped'; readonly limits: readonly string[] }
  /** The raw crash is gone, or its store does not answer. */
  | { readonly kind: 'unknown' };

/** These cost annotations and no dump. */
const OF_ANNOTATIONS: ReadonlySet<string> = new Set(['annotations', 'annotation_size', 'annotations_size']);

/** Names of the limits that the upload hit, as the collector noted them. */
export const limitsHit = (raw: RawCrash | undefined): readonly string[] =>
  (raw?.metadata.notes ?? []).flatMap((note) => /^limit (\w+) was hit\b/.exec(note)?.[1] ?? []);

/** Of a crash whose raw crash is there and that has no main dump. */
export function lostDump(raw: RawCrash): DumpStory {
  const limits = limitsHit(raw).filter((limit) => !OF_ANNOTATIONS.has(limit));
  return limits.length > 0 ? { kind: 'dropped', limits } : { kind: 'never_sent' };
}

/** One sentence; undefined when the dump is there. */
export function explainDump(story: DumpStory): string | undefined {
  switch (story.kind) {
    case 'kept':
      return undefined;
    case 'never_sent':
      return 'It came without a dump.';
    case 'dropped':
      return `Its dump was dropped: the upload hit the limit ${story.limits.join(' and ')}.`;
    case 'unknown':
      return 'Whether it came with a dump cannot be told now.';
  }
}
