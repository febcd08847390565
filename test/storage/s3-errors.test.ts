/** What S3 servers and networks answer, and what a store makes of it. Real servers: bad settings, below. */
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { createCrashId } from '../../src/model/crash-id.ts';
import { bytesOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { StorageError } from '../../src/storage/errors.ts';
import s3 from '../../src/storage/s3/index.ts';
import { engine } from '../build/engines.ts';
import {
  makeTestBucket,
  missingServer,
  removeTestBucket,
  S3_SERVERS,
  s3Options,
} from '../build/s3-buckets.ts';
import { allWell, openOn, saidServer, xmlError } from './s3-server.ts';

const id = createCrashId(new Date('2026-11-21T12:00:00Z'));

const failureOf = async (work: Promise<unknown>): Promise<StorageError> => {
  try {
    await work;
  } catch (error) {
    return error as StorageError;
  }
  throw new Error('it succeeded');
};

const context = {
  name: 'crashes',
  dataDir: '/nowhere',
  log: silentLog,
  store: () => Promise.reject(new Error('asks for no store')),
};

describe('answers of a server', () => {
  it.each([
    [403, 'AccessDenied', 'permission_denied', 's3:ListBucket'],
    [403, 'ExpiredToken', 'permission_denied', 'STORE_CRASHES_SESSION_TOKEN'],
    [400, 'ExpiredToken', 'permission_denied', 'have expired'],
    [403, 'InvalidAccessKeyId', 'permission_denied', 'STORE_CRASHES_ACCESS_KEY'],
    [403, 'SignatureDoesNotMatch', 'permission_denied', 'STORE_CRASHES_SECRET_KEY'],
    [403, 'RequestTimeTooSkewed', 'unavailable', 'clock'],
    [404, 'NoSuchBucket', 'unavailable', 'auxilio store init crashes --create-database'],
    [404, 'NoSuchKey', 'not_found', 'no raw crash'],
    [404, 'WhoKnows', 'unavailable', 'STORE_CRASHES_ENDPOINT'],
    [500, 'InternalError', 'unavailable', 'said InternalError'],
    [503, 'ServiceUnavailable', 'unavailable', 'HTTP 503'],
    [503, 'SlowDown', 'rate_limited', 'said SlowDown'],
    [429, 'WhoKnows', 'rate_limited', 'HTTP 429'],
    [400, 'RequestTimeout', 'timeout', 'said RequestTimeout'],
    [507, 'WhoKnows', 'full', 'HTTP 507'],
    [403, 'QuotaExceeded', 'full', 'said QuotaExceeded'],
    [403, 'InvalidObjectState', 'unavailable', 'STORE_CRASHES_STORAGE_CLASS'],
    [400, 'AuthorizationHeaderMalformed', 'permission_denied', 'STORE_CRASHES_REGION'],
    [400, 'InvalidStorageClass', 'internal', 'STORE_CRASHES_STORAGE_CLASS'],
    [418, 'WhoKnows', 'internal', 'said WhoKnows'],
  ])('%i %s is %s', async (status, code, expected, words) => {
    await using server = await saidServer();
    const store = await openOn(server.url);
    server.answer = xmlError(status, code);
    const error = await failureOf(store.readRaw(id));
    expect(error.code).toBe(expected);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
    await store.close();
  });

  it.each([403, 500, 502])('%i without a body, as of a HEAD, is never not_found', async (status) => {
    await using server = await saidServer();
    const store = await openOn(server.url);
    server.answer = (_heard, response) => response.writeHead(status).end();
    for (const work of [store.hasBlob('a'), store.getBlob('a'), store.removeBlob('a'), store.remove(id)]) {
      const { code } = await failureOf(work);
      expect(code).toBe(status === 403 ? 'permission_denied' : 'unavailable');
    }
    await store.close();
  });

  it('a HEAD that finds nothing because the bucket is gone says so', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url);
    server.answer = (heard, response) => {
      if (heard.method === 'HEAD') response.writeHead(404).end();
      else xmlError(404, 'NoSuchBucket')(heard, response);
    };
    expect((await failureOf(store.hasBlob('a'))).code).toBe('unavailable');
    expect((await failureOf(store.getBlob('a'))).code).toBe('unavailable');
    await store.close();
  });

  it('makes each request once, unless told otherwise', async () => {
    await using server = await saidServer();
    const [once, thrice] = [await openOn(server.url), await openOn(server.url, { max_attempts: '3' })];
    server.answer = xmlError(500, 'InternalError');
    server.heard.length = 0;
    await failureOf(once.readRaw(id));
    expect(server.heard).toHaveLength(1);
    await failureOf(thrice.readRaw(id));
    expect(server.heard).toHaveLength(4);
    await Promise.all([once.close(), thrice.close()]);
  });

  it('a server that never answers costs one time-out, on every way', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url, { request_timeout: '200ms', idle_timeout: '200ms' });
    server.answer = () => undefined;
    const started = performance.now();
    const codes = await Promise.all(
      [store.readRaw(id), store.hasBlob('a'), store.health(), store.saveReport(report(rawCrash()))].map(
        async (work) => (await failureOf(work)).code,
      ),
    );
    expect(codes).toEqual(['timeout', 'timeout', 'timeout', 'timeout']);
    expect(performance.now() - started).toBeLessThan(5_000);
    await store.close();
  });

  it('an answer that stops in the middle is given up', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url, { idle_timeout: '200ms' });
    server.answer = ({ method }, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      if (method === 'HEAD') response.end();
      else response.write('half');
    };
    expect((await failureOf(store.readRaw(id))).code).toBe('timeout');
    const blob = await store.getBlob('a');
    expect((await failureOf(bytesOf(blob))).code).toBe('timeout');
    await store.close();
  });

  it('a connection that is cut is unavailable', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url);
    server.answer = (_heard, response) => response.socket?.destroy();
    expect((await failureOf(store.readRaw(id))).code).toBe('unavailable');
    await store.close();
  });

  it('keys that may not list open a store that writes', async () => {
    await using server = await saidServer((heard, response) => {
      if (heard.url.includes('list-type=2')) xmlError(403, 'AccessDenied')(heard, response);
      else if (heard.method === 'GET') xmlError(404, 'NoSuchKey')(heard, response);
      else allWell(heard, response);
    });
    const store = await openOn(server.url);
    await store.saveReport(report(rawCrash(), textDump('core', 'x')));
    expect((await failureOf(store.health())).code).toBe('permission_denied');
    await store.close();
  });
});

describe('what a request asks for', () => {
  it('server-side encryption, key, storage class, and a SHA-256 that the server can check', async () => {
    await using server = await saidServer((heard, response) =>
      heard.method === 'GET' && !heard.url.includes('list-type')
        ? xmlError(404, 'NoSuchKey')(heard, response)
        : allWell(heard, response),
    );
    const store = await openOn(server.url, {
      encryption: 'aws:kms',
      kms_key: 'our-key',
      storage_class: 'STANDARD_IA',
    });
    await store.saveReport(report(rawCrash(), textDump('core', 'x')));
    const put = server.heard.find(({ method, url }) => method === 'PUT' && url.includes('/core/'));
    expect(put?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'our-key',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-meta-sha256': textDump('', 'x').sha256,
      'x-amz-checksum-sha256': Buffer.from(textDump('', 'x').sha256 ?? '', 'hex').toString('base64'),
    });
    expect(put?.body.toString()).toBe('x');
    await store.close();
  });

  it('checksums=required sends none of the newer ones', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url, { checksums: 'required', layout: 'v1' });
    await store.saveProcessed(rawCrash(), { id, signature: 'x' });
    const names = server.heard.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => name.includes('checksum'))).toEqual([]);
    await store.close();
  });

  it('path style puts the bucket into the path, the other one into the host', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url);
    expect(server.heard[0]?.url).toMatch(/^\/crashes\/?\?/);
    await store.close();
  });

  it('keys of one’s own are not mixed with the chain’s', async () => {
    await using server = await saidServer();
    const store = await openOn(server.url, { session_token: 'token' });
    expect(server.heard[0]?.headers).toMatchObject({
      'x-amz-security-token': 'token',
      authorization: expect.stringContaining('Credential=key/'),
    });
    await store.close();
  });
});

describe('settings that make no sense', () => {
  it.each([
    [{ bucket: '' }, /^STORE_CRASHES_BUCKET: must be set/],
    [{ bucket: 'no/bucket' }, /^STORE_CRASHES_BUCKET: /],
    [{ endpoint: 'localhost:9000' }, /^STORE_CRASHES_ENDPOINT: must be a URL/],
    [{ secret_key: '' }, /^STORE_CRASHES_SECRET_KEY: access_key and secret_key/],
    [{ access_key: '' }, /^STORE_CRASHES_ACCESS_KEY: access_key and secret_key/],
    [{ profile: 'ours' }, /^STORE_CRASHES_PROFILE: /],
    [{ kms_key: 'k' }, /^STORE_CRASHES_KMS_KEY: needs encryption=aws:kms/],
    [{ part_size: '1MB' }, /^STORE_CRASHES_PART_SIZE: must be 5MB to 5GB/],
    [{ buffers: '8MB' }, /^STORE_CRASHES_BUFFERS: must be four times/],
    [{ max_sockets: '0' }, /^STORE_CRASHES_MAX_SOCKETS: must be 1/],
    [{ max_attempts: '0' }, /^STORE_CRASHES_MAX_ATTEMPTS: must be 1/],
    [{ ca_file: '/nowhere/ca.pem' }, /^STORE_CRASHES_CA_FILE: .*cannot be read \(ENOENT\)/],
    [{ prefix: '/a' }, /^STORE_CRASHES_PREFIX: /],
    [{ prefix: 'a/../b' }, /^STORE_CRASHES_PREFIX: /],
    [{ layout: 'v3' }, /^STORE_CRASHES_LAYOUT: /],
  ])('%o', async (wrong, message) => {
    const right = { bucket: 'crashes', endpoint: 'http://127.0.0.1:1', access_key: 'k', secret_key: 's' };
    const label = (key: string): string => `STORE_CRASHES_${key.toUpperCase()}`;
    await expect(async () => s3.open({ ...right, ...wrong }, context, label)).rejects.toThrow(message);
  });
});

describe('bad settings, one line each', () => {
  const open = (options: Readonly<Record<string, string>>) => failureOf(s3.open(options, context));

  it('a port where nobody listens', async () => {
    const free = createTcpServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const error = await open({
      bucket: 'abc',
      endpoint: `http://127.0.0.1:${port}`,
      access_key: 'k',
      secret_key: 's',
    });
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(error.message).toMatch(/^crashes: nobody answers at .*check STORE_CRASHES_ENDPOINT/);
  });

  it('a certificate that nobody trusts, and one that is trusted by ca_file', async () => {
    const tls = join(import.meta.dirname, '../fixtures/tls');
    const [key, cert] = ['localhost.key', 'localhost.crt'].map((file) => readFileSync(join(tls, file)));
    const server = createTlsServer({ key, cert }, (request, response) => {
      request.resume().on('end', () => {
        const { method = '', url = '', headers } = request;
        allWell({ method, url, headers, body: Buffer.alloc(0) }, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const options = { bucket: 'abc', access_key: 'k', secret_key: 's' };
    const untrusted = await open({ ...options, endpoint: `https://localhost:${port}` });
    expect(untrusted.message).toContain('STORE_CRASHES_CA_FILE');
    const plain = await open({ ...options, endpoint: `http://localhost:${port}` });
    expect(plain.message).toContain('STORE_CRASHES_ENDPOINT');
    const store = await s3.open(
      { ...options, endpoint: `https://localhost:${port}`, ca_file: join(tls, 'localhost.crt') },
      context,
    );
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('a profile that is not there', async () => {
    await using server = await saidServer();
    const error = await open({ bucket: 'abc', endpoint: server.url, profile: 'auxilio-no-such-profile' });
    expect(error).toMatchObject({ code: 'permission_denied' });
    expect(error.message).toContain('STORE_CRASHES_ACCESS_KEY');
  });

  for (const server of S3_SERVERS) {
    const missing = missingServer(server);
    describe.skipIf(missing !== undefined)(missing ? `${server} (skipped: ${missing})` : server, () => {
      it('wrong keys, wrong bucket, http and https confused', async () => {
        const bucket = await makeTestBucket(server);
        try {
          const right = s3Options(server, bucket);
          const secret = await open({ ...right, secret_key: 'wrong' });
          expect(secret).toMatchObject({ code: 'invalid' });
          expect(secret.message).toContain('STORE_CRASHES_SECRET_KEY');
          const access = await open({ ...right, access_key: 'nobody' });
          expect(access).toMatchObject({ code: 'invalid' });
          expect(access.message).toContain('STORE_CRASHES_ACCESS_KEY');
          const gone = await open({ ...right, bucket: `${bucket}-not` });
          expect(gone).toMatchObject({ code: 'invalid' });
          expect(gone.message).toContain('run: auxilio store init crashes --create-database');
          const tls = await open({
            ...right,
            endpoint: String(right['endpoint']).replace('http:', 'https:'),
          });
          expect(tls.message).toContain('STORE_CRASHES_ENDPOINT');
        } finally {
          await removeTestBucket(server, bucket);
        }
      });
    });
  }

  const elastic = engine('elasticsearch');
  const noElastic = 'missing' in elastic ? elastic.missing : undefined;
  it.skipIf(noElastic !== undefined)(
    `the port of something else${noElastic ? ` (skipped: ${noElastic})` : ''}`,
    async () => {
      const endpoint = 'url' in elastic ? elastic.url : '';
      const error = await open({ bucket: 'abc', endpoint, access_key: 'k', secret_key: 's' });
      expect(error.message).toContain('STORE_CRASHES_ENDPOINT');
    },
  );
});
