/** Settings of an S3 store that are wrong: each in one line that names the setting. Real servers, and what is no S3 server. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import s3 from '../../src/storage/s3/index.ts';
import { engine } from '../build/engines.ts';
import { failureOf } from '../build/failure.ts';
import { labelOf, leafContext } from '../build/leaf.ts';
import { listening, unusedPort } from '../build/listening.ts';
import { s3Options } from '../build/s3-buckets.ts';
import { saidServer } from '../build/said-server.ts';
import { allWell } from './s3-server.ts';
import { newBucket, onEachS3Server } from './s3-sites.ts';

const context = leafContext('crashes');

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
    await expect(async () => s3.open({ ...right, ...wrong }, context, labelOf('crashes'))).rejects.toThrow(
      message,
    );
  });
});

describe('bad settings, one line each', () => {
  const open = (options: Readonly<Record<string, string>>) => failureOf(s3.open(options, context));

  it('a port where nobody listens', async () => {
    const error = await open({
      bucket: 'abc',
      endpoint: `http://127.0.0.1:${await unusedPort()}`,
      access_key: 'k',
      secret_key: 's',
    });
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(error.message).toMatch(/^crashes: nobody answers at .*check STORE_CRASHES_ENDPOINT/);
  });

  it('a certificate that nobody trusts, and one that is trusted by ca_file', async () => {
    const tls = join(import.meta.dirname, '../fixtures/tls');
    const [key, cert] = ['localhost.key', 'localhost.crt'].map((file) => readFileSync(join(tls, file)));
    const server = createServer({ key, cert }, (request, response) => {
      request.resume().on('end', () => {
        const { method = '', url = '', headers } = request;
        allWell({ method, url, headers, body: Buffer.alloc(0) }, response);
      });
    });
    await using listens = await listening(server);
    const { port } = listens;
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
  });

  it('a profile that is not there', async () => {
    await using server = await saidServer(allWell);
    const error = await open({ bucket: 'abc', endpoint: server.url, profile: 'auxilio-no-such-profile' });
    expect(error).toMatchObject({ code: 'permission_denied' });
    expect(error.message).toContain('STORE_CRASHES_ACCESS_KEY');
  });

  onEachS3Server((server) => {
    it('wrong keys, wrong bucket, http and https confused', async () => {
      const bucket = await newBucket(server);
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
    });
  });

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
