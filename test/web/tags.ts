/** The tags of a page with the names of their attributes: what a browser would make of it. */

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const TAG = /<(\/?[a-zA-Z][^\s>/]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/g;
const ATTRIBUTE = /([^\s=>]+)(?:="([^"]*)")?/g;

export function tagsOf(page: string): readonly Tag[] {
  return [...page.matchAll(TAG)].map(([, name = '', rest = '']) => ({
    name: name.toLowerCase(),
    attributes: Object.fromEntries(
      [...rest.matchAll(ATTRIBUTE)].map(([, attribute = '', value = '']) => [attribute.toLowerCase(), value]),
    ),
  }));
}

/** `a[href,rel]` for each tag, in order. */
export const skeleton = (page: string): readonly string[] =>
  tagsOf(page).map((tag) => `${tag.name}[${Object.keys(tag.attributes).sort().join(',')}]`);
