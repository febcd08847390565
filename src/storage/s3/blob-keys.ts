/**
 * Keys of blobs as keys of objects, and back. Many S3 servers keep objects as files: they cannot have both `a` and
 * `a/b`, and take `a//b` or `a/../b` for something else. So a segment that others lie under ends with `+`; ASCII that
 * is no letter, digit, `.`, `_` or `-`, and what no XML can hold, is `%xx`; a segment too long for a file name is cut
 * into several that end with `~`.
 */

/** File systems allow 255 bytes, the sidecars of some servers a little less. */
const NAME_LIMIT = 200;

const PLAIN = /^[A-Za-z0-9._\-\u{a0}-\u{fffd}\u{10000}-\u{10ffff}]$/u;

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

function encodeSegment(segment: string): readonly string[] {
  if (segment === '') return ['%'];
  const dots = segment === '.' || segment === '..';
  const names: string[] = [];
  let name = '';
  let bytes = 0;
  for (const character of segment) {
    const encoded = PLAIN.test(character) && !dots ? character : percent(character);
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

export function encodeBlobKey(key: string): string {
  const segments = key.split('/');
  return segments
    .flatMap((segment, i) => {
      const names = encodeSegment(segment);
      const end = i === segments.length - 1 ? '' : '+';
      return names.map((name, part) => (part === names.length - 1 ? name + end : `${name}~`));
    })
    .join('/');
}

/** The key of a blob; the other way round of `encodeBlobKey`, also for the beginning of a key up to a `/`. */
export const decodeBlobKey = (key: string): string => key.split('/').map(decodeName).join('');

function decodeName(name: string): string {
  const end = name.at(-1);
  const encoded = end === '+' || end === '~' ? name.slice(0, -1) : name;
  const text = encoded === '%' ? '' : decodeURIComponent(encoded);
  return end === '+' ? `${text}/` : text;
}

/** Where keys with this prefix lie: a folder that has them all, and what the names in it begin with. */
export function blobPrefix(prefix: string): { readonly folder: string; readonly begins: string } {
  const cut = prefix.lastIndexOf('/') + 1;
  const folder = cut === 0 ? '' : encodeBlobKey(prefix.slice(0, cut)).slice(0, -1);
  const rest = prefix.slice(cut);
  // A longer or odder beginning may be written in another way once the segment is whole.
  return { folder, begins: /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(rest) ? rest : '' };
}
