/** Multipart bodies for tests: well-formed ones, and the pieces to make bad ones. */
import { type FormPart, multipartBody } from '../../src/lib/multipart-writer.ts';

export const BOUNDARY = '----auxilio-test-boundary';

export const field = (name: string, value: string | Uint8Array, contentType?: string): FormPart => ({
  name,
  value,
  contentType,
});

export const dump = (
  name: string,
  bytes: Uint8Array | string,
  contentType = 'application/octet-stream',
): FormPart => ({
  name,
  filename: `${name}.dmp`,
  contentType,
  size: Buffer.byteLength(bytes),
  chunks: () => [Buffer.from(bytes as string)],
});

export async function formBytes(parts: readonly FormPart[], boundary = BOUNDARY): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of multipartBody(parts, boundary).chunks()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body written line by line, for what the writer would never write; lines are joined by CRLF. */
export const lines = (...texts: readonly string[]): Buffer => Buffer.from(texts.join('\r\n'), 'latin1');

/** Splits bytes at random places: `cuts` are fractions of what is left. */
export function* split(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[i % sizes.length] as number);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
