/**
 * Keys of blobs as names of files or parts of keys of objects, and back. A segment keeps what is plain where it is
 * written; of every other character each byte is `%xx`. `a+` is what the segments below `a` lie under, `a~` holds the
 * rest of a segment too long for one name, and a plain name is a blob, so that the keys `a` and `a/b` lie side by side.
 */

/** File systems allow 255 bytes, the sidecars of some servers a little less; one character is up to 12. */
const NAME_LIMIT = 200;

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Names for one segment: all but the last are continued. */
function segmentNames(segment: string, plain: RegExp): readonly string[] {
  if (segment === '') return ['%'];
  const dots = segment === '.' || segment === '..';
  const names: string[] = [];
  let name = '';
  let bytes = 0;
  for (const character of segment) {
    const encoded = plain.test(character) && !dots ? character : percent(character);
    const more = Buffer.byteLength(encoded);
    if (bytes + more > NAME_LIMIT) {
      names.push(name);
      name = '';
      bytes = 0;
    }
    name += encoded;
    bytes += more;
  }
  return [...names, name];
}

/** The names that a key becomes, one below the other. `plain` is of one character, and never `%`, `+` or `~`. */
export function blobNames(key: string, plain: RegExp): readonly string[] {
  const segments = key.split('/');
  return segments.flatMap((segment, i) => {
    const names = segmentNames(segment, plain);
    const end = i === segments.length - 1 ? '' : '+';
    return names.map((name, part) => (part === names.length - 1 ? name + end : `${name}~`));
  });
}

/** What a name adds to a key. */
export function decodeBlobName(name: string): {
  readonly text: string;
  readonly kind: 'blob' | 'folder' | 'continued';
} {
  const end = name.at(-1);
  const encoded = end === '+' || end === '~' ? name.slice(0, -1) : name;
  const text = encoded === '%' ? '' : decodeURIComponent(encoded);
  if (end === '+') return { text: `${text}/`, kind: 'folder' };
  return { text, kind: end === '~' ? 'continued' : 'blob' };
}
