/** Settings of a store in Elasticsearch that cannot be right, and servers that are not as they say. */
import { describe, expect, it } from 'vitest';
import { withConnection } from '../../src/storage/elasticsearch/connection.ts';
import elasticsearch from '../../src/storage/elasticsearch/index.ts';
import { label, ownIndex, settingsOf } from '../build/elasticsearch-index.ts';
import { failureOf } from '../build/failure.ts';
import { leafContext } from '../build/leaf.ts';
import {
  certificate,
  elasticsearchMissing,
  type Handler,
  pass,
  refuse,
  serve,
  serveTls,
  elasticsearchUrl as url,
  whySkipped,
} from './elasticsearch-proxy.ts';

const context = leafContext('index');

const password =
  (wanted: string): Handler =>
  (incoming, response) => {
    if (incoming.headers.authorization === wanted) pass(incoming, response);
    else refuse(401, 'security_exception', 'unable to authenticate user [elastic]')(incoming, response);
  };

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** Of an opening that fails: one line, without the password. */
async function refusal(
  options: Readonly<Record<string, unknown>>,
): Promise<Error & { readonly code?: string }> {
  const opening = async (): Promise<void> => {
    const store = await elasticsearch.open({ index: ownIndex(), ...options }, context, label);
    await store.close();
  };
  const error = await failureOf(opening());
  expect(error.message).not.toContain('\n');
  expect(error.message).not.toContain('hunter2');
  return error;
}

describe('settings that cannot be right', () => {
  it.each([
    [{ url: '' }, /STORE_INDEX_URL must be set/],
    [{ url: 'es:9200' }, /STORE_INDEX_URL: must be like http:\/\/es:9200/],
    [{ url: 'http://elastic:hunter2@es:9200' }, /STORE_INDEX_URL: put the user into STORE_INDEX_USERNAME/],
    [{ index: 'crashes' }, /STORE_INDEX_INDEX: an index name has %Y/],
    [{ index: 'Crashes%Y%W' }, /STORE_INDEX_INDEX: .*lower-case/],
    [{ username: 'elastic' }, /STORE_INDEX_USERNAME and STORE_INDEX_PASSWORD go together/],
    [{ api_key: 'hunter2', username: 'a', password: 'hunter2' }, /STORE_INDEX_API_KEY stands instead of/],
    [{ ca_file: '/nowhere.pem', url: 'https://es' }, /STORE_INDEX_CA_FILE: \/nowhere.pem cannot be read/],
    [{ ca_file: certificate }, /STORE_INDEX_CA_FILE is set, but STORE_INDEX_URL has http:/],
    [
      { client_key_file: certificate },
      /STORE_INDEX_CLIENT_CERT_FILE and STORE_INDEX_CLIENT_KEY_FILE go together/,
    ],
    [{ replicas: 'two' }, /STORE_INDEX_REPLICAS must be like/],
    [{ bulk_items: '0' }, /STORE_INDEX_BULK_ITEMS must be 1 or more/],
    [{ indx: 'x%Y%W' }, /STORE_INDEX_INDX is not a setting; did you mean STORE_INDEX_INDEX/],
  ])('%j', async (options, text) => {
    const error = await refusal(options);
    expect(error.message).toMatch(text);
    expect(error.code).toBe('invalid');
  });
});

describe.skipIf(elasticsearchMissing)(`where the server is not as the settings say${whySkipped}`, () => {
  it.each<readonly [title: string, handler: Handler | string, code: string, text: RegExp]>([
    [
      'wrong port',
      'http://127.0.0.1:1',
      'unavailable',
      /cannot reach http:\/\/127.0.0.1:1: nobody listens there; check STORE_INDEX_URL/,
    ],
    ['wrong host', 'http://nowhere.invalid:9200', 'unavailable', /no such host; check STORE_INDEX_URL/],
    [
      'another server',
      (_, response) => response.end('{}'),
      'invalid',
      /no Elasticsearch of version 8 or later; check STORE_INDEX_URL/,
    ],
    [
      'not allowed',
      refuse(403, 'security_exception', 'action is unauthorized'),
      'permission_denied',
      /not allowed: .*STORE_INDEX_USERNAME/,
    ],
    ['no master', refuse(503, 'master_not_discovered_exception', 'null'), 'unavailable', /503/],
    [
      'no room',
      refuse(429, 'circuit_breaking_exception', '[parent] Data too large'),
      'rate_limited',
      /no room/,
    ],
    [
      'disk full',
      refuse(
        403,
        'cluster_block_exception',
        'blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];',
      ),
      'full',
      /disk/,
    ],
    [
      'a proxy in trouble',
      (_, response) => response.writeHead(502).end('<html>Bad gateway</html>'),
      'unavailable',
      /./,
    ],
  ])('%s', async (_title, handler, code, text) => {
    const address = typeof handler === 'string' ? handler : await serve(handler);
    const error = await refusal({ url: address });
    expect(error.message).toMatch(text);
    expect(error.code).toBe(code);
  });

  it('wrong password; the right one and an API key open', async () => {
    const wrong = await refusal({
      url: await serve(password(basic('elastic:right'))),
      username: 'elastic',
      password: 'hunter2',
    });
    expect(wrong).toMatchObject({ code: 'permission_denied' });
    expect(wrong.message).toMatch(
      /check STORE_INDEX_USERNAME and STORE_INDEX_PASSWORD, or STORE_INDEX_API_KEY/,
    );
    expect(JSON.stringify(wrong.cause)).not.toContain('hunter2');
    const right = {
      url: await serve(password(basic('elastic:right'))),
      username: 'elastic',
      password: 'right',
    };
    expect(await withConnection(settingsOf(right), label, (client) => client.ping())).toBe(true);
    const key = { url: await serve(password('ApiKey abc=')), api_key: 'abc=' };
    expect(await withConnection(settingsOf(key), label, (client) => client.ping())).toBe(true);
  });

  it('frozen: given up after the time-out, which is named', async () => {
    const address = await serve((incoming) => incoming.resume());
    const error = await refusal({ url: address, timeout: '300ms', timeout_extended: '300ms' });
    expect(error.code).toBe('timeout');
    expect(error.message).toMatch(/STORE_INDEX_TIMEOUT/);
  });

  it('TLS: to a server without it, without its authority, for another host, and as it should be', async () => {
    const port = await serveTls(pass);
    const plain = new URL(await serve(pass)).port;
    const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
      [{ url: `https://127.0.0.1:${plain}` }, /does not speak TLS; write http: in STORE_INDEX_URL/],
      [{ url: `http://127.0.0.1:${port}` }, /https: in STORE_INDEX_URL/],
      [
        { url: `https://localhost:${port}` },
        /not trusted; set STORE_INDEX_CA_FILE or STORE_INDEX_CA_FINGERPRINT/,
      ],
      [
        { url: `https://127.0.0.1:${port}`, ca_file: certificate },
        /for another host; name that host in STORE_INDEX_URL/,
      ],
      [{ url: `https://localhost:${port}`, ca_fingerprint: 'AA'.repeat(32) }, /STORE_INDEX_CA_FINGERPRINT/],
    ];
    for (const [options, text] of cases) {
      const error = await refusal(options);
      expect(error.message).toMatch(text);
      expect(error.code).toBe('unavailable');
    }
    const right = settingsOf({ url: `https://localhost:${port}`, ca_file: certificate });
    expect(await withConnection(right, label, (client) => client.ping())).toBe(true);
    const unchecked = settingsOf({ url: `https://127.0.0.1:${port}`, tls_verify: false });
    expect(await withConnection(unchecked, label, (client) => client.ping())).toBe(true);
  });

  it('index templates of others: one of our name, one that goes before ours, one as strong as ours', async () => {
    const name = ownIndex();
    const prefix = name.replace('%Y%W', '');
    const put = (template: string, priority: number, pattern: string): Promise<unknown> =>
      withConnection(settingsOf({ url }), label, (client) =>
        client.indices.putIndexTemplate({
          name: template,
          index_patterns: [pattern],
          priority,
          template: {},
        }),
      );
    const removed = (template: string): Promise<unknown> =>
      withConnection(settingsOf({ url }), label, (client) =>
        client.indices.deleteIndexTemplate({ name: template }, { ignore: [404] }),
      );
    const ours = `auxilio-${prefix}yearweek`;
    const init = async (): Promise<unknown> =>
      elasticsearch.upkeep?.init?.({ url, index: name }, context, { label, createDatabase: false });
    try {
      await put(ours, 500, `${prefix}20*`);
      await expect(init()).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/not Auxilio's.*STORE_INDEX_INDEX/),
      });
      await removed(ours);
      await put(`${prefix}other`, 900, `${prefix}*`);
      await expect(init()).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(
          new RegExp(`another index template than ${ours} \\(see .*\\).*STORE_INDEX_INDEX`),
        ),
      });
      const error = await refusal({ url, index: name });
      expect(error.message).toMatch(/another index template/);
      await removed(ours);
      await put(`${prefix}other`, 500, `${prefix}*`);
      await expect(init()).rejects.toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/same priority/),
      });
    } finally {
      await removed(ours);
      await removed(`${prefix}other`);
    }
  });
});
