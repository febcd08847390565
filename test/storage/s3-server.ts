/** What an S3 server answers, for one that says what a test tells it to, and an S3 store on it. */
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { openS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.ts';
import { s3StorageSchema } from '../../src/storage/s3/settings.ts';
import type { Answering } from '../build/said-server.ts';

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
