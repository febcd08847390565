/**
 * Versions of a report, a processed crash or a blob: what makes an upload readable, in one row. The newest is read;
 * older ones lie hidden until their bytes are gone.
 */
import type { CallOptions, DumpInfo } from '../../model/report.ts';
import type { ChunkTable } from './chunks.ts';
import type { UploadKey } from './intents.ts';
import type { Listing } from './listing.ts';
import { after, type Session, toNumber } from './session.ts';
import type { Kind } from './tables.ts';

const INSERT = `insert into manifest
  (owner, kind, version, upload, written, chunks, buckets, document, document_bytes, dumps)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) using ttl ?`;
const DELETE = 'delete from manifest where owner = ? and kind = ? and version = ? and upload = ?';
const KEYS = 'select kind, version, upload, written, chunks, buckets from manifest where owner = ?';
const DOCUMENT = 'select upload, document, document_bytes from manifest where owner = ? and kind = ? limit 1';
const DUMPS = 'select upload, dumps from manifest where owner = ? and kind = ? limit 1';

/** A dump and the number of its first chunk. */
export interface StoredDump extends DumpInfo {
  readonly sha256: string;
  readonly first: number;
}

export interface Manifest extends UploadKey {
  readonly version: number;
  /** Packed JSON; null when it lies in the first chunks of the upload, or when there is none. */
  readonly document: Buffer | null;
  readonly documentBytes: number;
  readonly dumps: readonly StoredDump[];
}

/** What is known of a version without its content. */
export interface Version extends UploadKey {
  readonly version: number;
}

export class ManifestTable {
  readonly #session: Session;
  readonly #chunks: ChunkTable;

  constructor(session: Session, chunks: ChunkTable) {
    this.#session = session;
    this.#chunks = chunks;
  }

  async put(manifest: Manifest): Promise<void> {
    const { owner, kind, version, upload, written, chunks, buckets, document, documentBytes, dumps } =
      manifest;
    await this.#session.write(
      INSERT,
      [
        ...[owner, kind, version, upload, written, chunks, buckets],
        ...[document, documentBytes, JSON.stringify(dumps), this.#session.ttl],
      ],
      { at: written },
    );
  }

  /** Every version there is, of every kind, newest first within one. */
  async versions(owner: string, kind?: Kind, options?: CallOptions): Promise<readonly Version[]> {
    const rows = await (kind === undefined
      ? this.#session.rows(KEYS, [owner], options)
      : this.#session.rows(`${KEYS} and kind = ?`, [owner, kind], options));
    return rows.map((row) => ({
      owner,
      kind: row['kind'] as Kind,
      version: toNumber(row['version']),
      upload: row['upload'],
      written: toNumber(row['written']),
      chunks: Number(row['chunks']),
      buckets: Number(row['buckets']),
    }));
  }

  /** Packed JSON; undefined when there is none. */
  async document(owner: string, kind: Kind, options?: CallOptions): Promise<Buffer | undefined> {
    const [row] = await this.#session.rows(DOCUMENT, [owner, kind], options);
    if (!row) return undefined;
    if (row['document']) return row['document'] as Buffer;
    const pieces: Buffer[] = [];
    const place = { upload: row['upload'], first: 0, size: Number(row['document_bytes']) };
    for await (const piece of this.#chunks.read(place, options)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async dumps(
    owner: string,
    kind: Kind,
    options?: CallOptions,
  ): Promise<{ readonly upload: unknown; readonly dumps: readonly StoredDump[] } | undefined> {
    const [row] = await this.#session.rows(DUMPS, [owner, kind], options);
    return row && { upload: row['upload'], dumps: JSON.parse(String(row['dumps'])) as readonly StoredDump[] };
  }

  async remove({ owner, kind, version, upload, written }: Version, tidying?: boolean): Promise<void> {
    await this.#session.write(DELETE, [owner, kind, version, upload], { at: after(written), tidying });
  }

  /**
   * Removes the versions that another has replaced; the row last, so that whoever dies half-way leaves a row that
   * the next writer or sweep finds. Resolves with those it removed.
   */
  async settle(owner: string, kind: Kind, listing: Listing): Promise<readonly Version[]> {
    const [, ...old] = await this.versions(owner, kind);
    for (const version of old) await this.discard(version, listing);
    return old;
  }

  /** Bytes and entry first, and then the row. */
  async discard(version: Version, listing: Listing): Promise<void> {
    await this.removeParts(version, listing);
    await this.remove(version);
  }

  async removeParts(key: UploadKey, listing: Listing, tidying?: boolean): Promise<void> {
    await this.#chunks.remove(key.upload, key.chunks, { at: after(key.written), tidying });
    await listing.remove(key, { at: key.written, tidying });
  }
}
