/** A server that says what a test tells it to, where a real one cannot be made to: what it heard, and an S3 store on it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { openS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.ts';
import { s3StorageSchema } from '../../src/storage/s3/settings.ts';

export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Answering = (heard: Heard, response: ServerResponse) => void;

export interface SaidServer extends AsyncDisposable {
  readonly url: string;
  readonly heard: Heard[];
  answer: Answering;
}

export const xmlError =
  (status: number, code: string): Answering =>
  (_heard, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said ${code}</Message></Error>`);
  };

/** An empty listing; anything else is well. */
export const allWell: Answering = ({ method, url }, response) => {
  const isList = method === 'GET' && url.includes('list-type=2');
  response.writeHead(200, { 'content-type': 'application/xml', etag: '"x"' });
  response.end(
    isList
      ? '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
      : undefined,
  );
};

export async function saidServer(answer: Answering = allWell): Promise<SaidServer> {
  const heard: Heard[] = [];
  const said: { answer: Answering } = { answer };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks) };
      heard.push(one);
      said.answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(said, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export const openOn = (url: string, options: Readonly<Record<string, string>> = {}): Promise<S3Storage> =>
  openS3Storage(
    'crashes',
    parseSettings(s3StorageSchema, {
      bucket: 'crashes',
      endpoint: url,
      access_key: 'key',
      secret_key: 'secret',
      ...options,
    }),
    silentLog,
  );
