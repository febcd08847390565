/**
 * Bodies byte for byte as real clients write them. Sources: Crashpad util/net/http_multipart_builder.cc and
 * http_transport_libcurl.cc, Breakpad common/linux/libcurl_wrapper.cc and common/windows/http_upload.cc,
 * Firefox toolkit/crashreporter/client (net/report.rs).
 */
import { randomBytes } from 'node:crypto';

export interface ClientBody {
  readonly contentType: string;
  readonly body: Buffer;
}

type Pairs = Readonly<Record<string, string>>;
type Files = Readonly<Record<string, Buffer>>;

function form(
  boundary: string,
  pieces: readonly (readonly [string, string | Buffer])[],
  last = '\r\n',
): ClientBody {
  const chunks: Buffer[] = [];
  for (const [head, content] of pieces) {
    chunks.push(
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
      Buffer.from(content as string),
      Buffer.from('\r\n'),
    );
  }
  chunks.push(Buffer.from(`--${boundary}--${last}`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(chunks) };
}

const disposition = (name: string): string => `Content-Disposition: form-data; name="${name}"`;

/** Percent-encodes what would break the header; annotations sorted by name, files after them. */
export function crashpadBody(annotations: Pairs, files: Files): ClientBody {
  const encode = (text: string): string =>
    text.replace(/[\r\n"]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const boundary = `---MultipartBoundary-${randomBytes(16).toString('hex')}---`;
  const fields = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  return form(boundary, [
    ...fields.map(([name, value]) => [disposition(encode(name)), value] as const),
    ...Object.entries(files).map(
      ([name, bytes]) =>
        [
          `${disposition(encode(name))}; filename="${encode(name)}.dmp"\r\nContent-Type: application/octet-stream`,
          bytes,
        ] as const,
    ),
  ]);
}

/** curl_formadd, as Breakpad on Linux uses it: dashes and hex, lower-case header names of curl's own. */
export function breakpadCurlBody(parameters: Pairs, files: Files): ClientBody {
  const boundary = `------------------------${randomBytes(8).toString('hex')}`;
  return form(boundary, [
    ...Object.entries(parameters).map(([name, value]) => [disposition(name), value] as const),
    ...Object.entries(files).map(
      ([name, bytes]) =>
        [
          `${disposition(name)}; filename="/tmp/1b2c.dmp"\r\nContent-Type: application/octet-stream`,
          bytes,
        ] as const,
    ),
  ]);
}

/** WinInet: a long boundary of dashes and upper-case hex, a path of the client's disk as file name. */
export function breakpadWindowsBody(parameters: Pairs, files: Files): ClientBody {
  const boundary = `---------------------------${randomBytes(8).toString('hex').toUpperCase()}`;
  return form(boundary, [
    ...Object.entries(parameters).map(([name, value]) => [disposition(name), value] as const),
    ...Object.entries(files).map(
      ([name, bytes]) =>
        [
          `${disposition(name)}; filename="C:\\Users\\me\\AppData\\Local\\Temp\\a.dmp"\r\nContent-Type: application/octet-stream`,
          bytes,
        ] as const,
    ),
  ]);
}

/** All annotations in one JSON part named `extra`. */
export function firefoxBody(annotations: Readonly<Record<string, unknown>>, files: Files): ClientBody {
  const boundary = `------------------------${randomBytes(11).toString('base64url')}`;
  return form(
    boundary,
    [
      [
        `${disposition('extra')}; filename="extra.json"\r\nContent-Type: application/json`,
        JSON.stringify(annotations),
      ],
      ...Object.entries(files).map(
        ([name, bytes]) =>
          [
            `${disposition(name)}; filename="${name}.dmp"\r\nContent-Type: application/octet-stream`,
            bytes,
          ] as const,
      ),
    ],
    '\r\n',
  );
}
