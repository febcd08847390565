/**
 * Keys of blobs as file names, and back. A segment keeps its letters, digits, `.`, `_` and `-`; every other byte is
 * `%xx`. `a+` is the folder of the segment `a`, `a~` holds the rest of a segment too long for one name, and a plain
 * name is a blob, so that the keys `a` and `a/b` lie side by side.
 */

/** File systems allow 255 bytes; one character is up to 12. */
const NAME_LIMIT = 200;

const escapeBytes = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Names for one segment: all but the last are continued. */
function encodeSegment(segment: string): readonly string[] {
  if (segment === '') return ['%'];
  const dots = segment === '.' || segment === '..';
  const names: string[] = [];
  let name = '';
  for (const character of segment) {
    const encoded = /[A-Za-z0-9._-]/.test(character) && !dots ? character : escapeBytes(character);
    if (name.length + encoded.length > NAME_LIMIT) {
      names.push(name);
      name = '';
    }
    name += encoded;
  }
  names.push(name);
  return names;
}

/** The path of a key, folder by folder. */
export function encodeKey(key: string): readonly string[] {
  const segments = key.split('/');
  return segments.flatMap((segment, i) => {
    const names = encodeSegment(segment);
    const end = i === segments.length - 1 ? '' : '+';
    return names.map((name, part) => (part === names.length - 1 ? name + end : `${name}~`));
  });
}

/** What a name in the tree adds to a key. */
export function decodeName(name: string): {
  readonly text: string;
  readonly kind: 'blob' | 'folder' | 'continued';
} {
  const end = name.at(-1);
  const encoded = end === '+' || end === '~' ? name.slice(0, -1) : name;
  const text = encoded === '%' ? '' : decodeURIComponent(encoded);
  if (end === '+') return { text: `${text}/`, kind: 'folder' };
  return { text, kind: end === '~' ? 'continued' : 'blob' };
}
