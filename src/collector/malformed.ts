/** Uploads that cannot be read. The reasons are Socorro's; clients and dashboards know them. */

export type MalformedReason =
  | 'no_content_type'
  | 'wrong_content_type'
  | 'no_boundary'
  /** No body at all: no Content-Length, or 0, and not chunked. A chunked body needs none here. */
  | 'no_content_length'
  | 'bad_gzip'
  | 'invalid_json'
  | 'invalid_json_value'
  | 'invalid_dump_name'
  | 'invalid_payload_structure'
  | 'no_annotations'
  | 'invalid_uuid'
  /** Ours: codings that Socorro does not know. */
  | 'bad_deflate'
  | 'bad_zstd'
  | 'unsupported_encoding';

export class MalformedError extends Error {
  override readonly name = 'MalformedError';
  readonly reason: MalformedReason;

  constructor(reason: MalformedReason, options: { readonly cause?: unknown } = {}) {
    super(`malformed upload: ${reason}`, options);
    this.reason = reason;
  }
}

/** The client closed the connection before its body was complete. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** Too many uploads in hand: nothing was kept and the client may come back. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}
