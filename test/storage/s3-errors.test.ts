/** What S3 servers and networks answer, and what a store makes of it. Real servers: bad settings, below. */

import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { bytesOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { failureOf } from '../build/failure.ts';
import { saidServer } from '../build/said-server.ts';
import { allWell, openOn, xmlError } from './s3-server.ts';

const id = createCrashId(new Date('2026-11-21T12:00:00Z'));

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
    await using server = await saidServer(allWell);
    const store = await openOn(server.url);
    server.answer = xmlError(status, code);
    const error = await failureOf(store.readRaw(id));
    expect(error.code).toBe(expected);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
    await store.close();
  });

  it.each([403, 500, 502])('%i without a body, as of a HEAD, is never not_found', async (status) => {
    await using server = await saidServer(allWell);
    const store = await openOn(server.url);
    server.answer = (_heard, response) => response.writeHead(status).end();
    for (const work of [store.hasBlob('a'), store.getBlob('a'), store.removeBlob('a'), store.remove(id)]) {
      const { code } = await failureOf(work);
      expect(code).toBe(status === 403 ? 'permission_denied' : 'unavailable');
    }
    await store.close();
  });

  it('a HEAD that finds nothing because the bucket is gone says so', async () => {
    await using server = await saidServer(allWell);
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
    await using server = await saidServer(allWell);
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
    await using server = await saidServer(allWell);
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
    await using server = await saidServer(allWell);
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
    await using server = await saidServer(allWell);
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
    await using server = await saidServer(allWell);
    const store = await openOn(server.url, { checksums: 'required', layout: 'v1' });
    await store.saveProcessed(rawCrash(), { id, signature: 'x' });
    const names = server.heard.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => name.includes('checksum'))).toEqual([]);
    await store.close();
  });

  it('path style puts the bucket into the path, the other one into the host', async () => {
    await using server = await saidServer(allWell);
    const store = await openOn(server.url);
    expect(server.heard[0]?.url).toMatch(/^\/crashes\/?\?/);
    await store.close();
  });

  it('keys of one’s own are not mixed with the chain’s', async () => {
    await using server = await saidServer(allWell);
    const store = await openOn(server.url, { session_token: 'token' });
    expect(server.heard[0]?.headers).toMatchObject({
      'x-amz-security-token': 'token',
      authorization: expect.stringContaining('Credential=key/'),
    });
    await store.close();
  });
});
