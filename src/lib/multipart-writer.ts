/** Writes `multipart/form-data` bodies (RFC 7578): what our own client sends and what tests are made of. */
import { randomBytes } from 'node:crypto';

export interface FieldPart {
  readonly name: string;
  readonly value: string | Uint8Array;
  /** None when absent, as browsers and Breakpad do. */
  readonly contentType?: string | undefined;
}

export interface FilePart {
  readonly name: string;
  readonly filename: string;
  /** `application/octet-stream` when absent. */
  readonly contentType?: string | undefined;
  /** Bytes in `chunks`; a body of which every size is known has a length. */
  readonly size?: number | undefined;
  /** A fresh run over the bytes. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export type FormPart = FieldPart | FilePart;

export interface MultipartBody {
  readonly contentType: string;
  /** Undefined when a file's size is not known: send it chunked. */
  readonly length: number | undefined;
  /** The body, a chunk at a time; may be run again. */
  chunks(): AsyncGenerator<Uint8Array>;
}

const CRLF = '\r\n';
const LINE_ENDS = /\r\n|\r|\n/g;

/** curl's escapes of `"` and `\`; a line end cannot stand in a header and is percent-encoded as browsers do. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replace(LINE_ENDS, '%0D%0A')}"`;

function headOf(part: FormPart, boundary: string): Buffer {
  const isFile = 'chunks' in part;
  const filename = isFile ? `; filename=${quoted(part.filename)}` : '';
  const type = part.contentType ?? (isFile ? 'application/octet-stream' : undefined);
  return Buffer.from(
    `--${boundary}${CRLF}Content-Disposition: form-data; name=${quoted(part.name)}${filename}${CRLF}` +
      `${type === undefined ? '' : `Content-Type: ${type}${CRLF}`}${CRLF}`,
  );
}

const sizeOf = (part: FormPart): number | undefined =>
  'chunks' in part ? part.size : Buffer.byteLength(part.value);

export function multipartBody(
  parts: readonly FormPart[],
  boundary = `----auxilio${randomBytes(16).toString('hex')}`,
): MultipartBody {
  const heads = parts.map((part) => headOf(part, boundary));
  const close = Buffer.from(`--${boundary}--${CRLF}`);
  let length: number | undefined = close.length;
  for (const [index, part] of parts.entries()) {
    const size = sizeOf(part);
    if (length !== undefined) {
      length = size === undefined ? undefined : length + (heads[index] as Buffer).length + size + CRLF.length;
    }
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const [index, part] of parts.entries()) {
      yield heads[index] as Buffer;
      if ('chunks' in part) yield* part.chunks();
      else yield typeof part.value === 'string' ? Buffer.from(part.value) : part.value;
      yield Buffer.from(CRLF);
    }
    yield close;
  }
  return { contentType: `multipart/form-data; boundary=${boundary}`, length, chunks };
}
