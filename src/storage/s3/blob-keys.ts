/**
 * Keys of blobs as keys of objects, and back. Many S3 servers keep objects as files: they cannot have both `a` and
 * `a/b`, and take `a//b` or `a/../b` for something else. So each segment becomes names of files (`blob-names.ts`).
 */
import { blobNames, decodeBlobName } from '../blob-names.ts';

/** All but ASCII that is no letter, digit, `.`, `_` or `-`, and what no XML can hold. */
const PLAIN = /^[A-Za-z0-9._\-\u{a0}-\u{fffd}\u{10000}-\u{10ffff}]$/u;

export const encodeBlobKey = (key: string): string => blobNames(key, PLAIN).join('/');

/** The key of a blob; the other way round of `encodeBlobKey`, also for the beginning of a key up to a `/`. */
export const decodeBlobKey = (key: string): string =>
  key
    .split('/')
    .map((name) => decodeBlobName(name).text)
    .join('');

/** Where keys with this prefix lie: a folder that has them all, and what the names in it begin with. */
export function blobPrefix(prefix: string): { readonly folder: string; readonly begins: string } {
  const cut = prefix.lastIndexOf('/') + 1;
  const folder = cut === 0 ? '' : encodeBlobKey(prefix.slice(0, cut)).slice(0, -1);
  const rest = prefix.slice(cut);
  // A longer or odder beginning may be written in another way once the segment is whole.
  return { folder, begins: /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(rest) ? rest : '' };
}
