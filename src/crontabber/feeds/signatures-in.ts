/** Signatures in what people write into bugs: `[@ js::GCMarker::drain ]`, the form of Socorro's "File a bug" button. */

/** No signature of ours is longer, and keys of an index may not be. */
const LONGEST = 512;
/** Signatures of one bug; a bug that lists more is no report of a crash. */
const MOST = 200;

/**
 * Brackets belong to signatures: `[@ Array<T>[3] ]` and `[@ operator[] ]` end where theirs are closed. What is not closed on
 * its line is no signature. Test: "signatures in text".
 */
export function signaturesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (let at = text.indexOf('[@'); at !== -1 && found.size < MOST; at = text.indexOf('[@', at + 2)) {
    const signature = closed(text, at)?.trim();
    if (signature) found.add(signature);
  }
  return [...found];
}

function closed(text: string, start: number): string | undefined {
  let depth = 1;
  const end = Math.min(text.length, start + 2 + LONGEST);
  for (let at = start + 2; at < end; at += 1) {
    const char = text[at];
    if (char === '\n' || char === '\r') return undefined;
    if (char === '[') depth += 1;
    if (char === ']') depth -= 1;
    if (depth === 0) return text.slice(start + 2, at);
  }
  return undefined;
}

/** A field that holds signatures and nothing else: as brackets, or one a line. */
export function signaturesOfField(text: string): readonly string[] {
  if (text.includes('[@')) return signaturesIn(text);
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== '' && line.length <= LONGEST))].slice(0, MOST);
}
