/** Content codings of request bodies. */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { createGunzip } from './gunzip.ts';
import { MalformedError, type MalformedReason } from './malformed.ts';

export interface ContentCoding {
  readonly name: string;
  /** What a body is called that does not decode. */
  readonly malformed: MalformedReason;
  /** Bytes that one decoder may hold. */
  readonly memory: number;
  open(): Transform;
}

const CHUNK = 64 * 1024;
/** zlib's window and tables. */
const INFLATE_MEMORY = 64 * 1024 + CHUNK;
/** 8 MiB: what zstd uses up to level 19. A frame may ask for 128 MiB and more; such a one is refused. */
const ZSTD_WINDOW_LOG = 23;

const gzip: ContentCoding = {
  name: 'gzip',
  malformed: 'bad_gzip',
  memory: INFLATE_MEMORY,
  open: () => createGunzip({ chunkSize: CHUNK }),
};

const deflate: ContentCoding = {
  name: 'deflate',
  malformed: 'bad_deflate',
  memory: INFLATE_MEMORY,
  open: () => zlib.createInflate({ chunkSize: CHUNK }),
};

const zstd: ContentCoding = {
  name: 'zstd',
  malformed: 'bad_zstd',
  memory: 2 ** ZSTD_WINDOW_LOG + 2 * CHUNK,
  open: () =>
    zlib.createZstdDecompress({
      chunkSize: CHUNK,
      params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
    }),
};

/** zstd came to node:zlib with Node 22.15 and 23.8. */
const hasZstd = typeof zlib.createZstdDecompress === 'function';

const CODINGS: Readonly<Record<string, ContentCoding>> = {
  gzip,
  'x-gzip': gzip,
  deflate,
  ...(hasZstd ? { zstd } : {}),
};

/** What a refusal names, for the `Accept-Encoding` of a 415 (RFC 9110 §12.5.3). */
export const SUPPORTED_CODINGS: string = Object.keys(CODINGS)
  .filter((name) => name !== 'x-gzip')
  .join(', ');

/**
 * The decoder for a Content-Encoding header, undefined for none. Throws `unsupported_encoding` for others and for
 * several at once: nobody sends those, and each further one multiplies what a bomb can unpack.
 */
export function contentCoding(header: string | undefined): ContentCoding | undefined {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  const coding = Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined;
  if (!coding) throw new MalformedError('unsupported_encoding');
  return coding;
}
