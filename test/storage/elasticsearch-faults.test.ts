/**
 * A server that refuses, is slow, is another, or cannot be reached. What these jars cannot do themselves (log-in, TLS) a
 * proxy in front of the real server does; what a server says in trouble, a function says.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { withConnection } from '../../src/storage/elasticsearch/connection.ts';
import elasticsearch from '../../src/storage/elasticsearch/index.ts';
import { label, ownIndex, settingsOf, type TestIndex, testIndex } from '../build/elasticsearch-index.ts';
import { engine } from '../build/engines.ts';
import { leafContext } from '../build/leaf.ts';
import { collect, crash, T0 } from '../conformance/search-inputs.ts';

const state = engine('elasticsearch');
const url = 'url' in state ? state.url : 'http://127.0.0.1:9';
const why = 'missing' in state ? ` (skipped: ${state.missing})` : '';

const tlsFolder = join(import.meta.dirname, '../fixtures/tls');
const certificate = join(tlsFolder, 'localhost.crt');
const tls = {
  cert: readFileSync(certificate),
  key: readFileSync(join(tlsFolder, 'localhost.key')),
};

const context = leafContext('index');

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Handler = (incoming: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const serve = async (handler: Handler): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(handler))}`;

/** To the real server and back. */
const pass: Handler = (incoming, response) => {
  const { method, headers } = incoming;
  const onward = request(`${url}${incoming.url}`, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
};

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
  response.end(JSON.stringify(body));
};

const refuse =
  (status: number, type: string, reason: string): Handler =>
  (incoming, response) => {
    incoming.resume();
    incoming.on('end', () => answer(response, status, { error: { type, reason }, status }));
  };

const password =
  (wanted: string): Handler =>
  (incoming, response) => {
    if (incoming.headers.authorization === wanted) pass(incoming, response);
    else refuse(401, 'security_exception', 'unable to authenticate user [elastic]')(incoming, response);
  };

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** The message of the error that opening ends with. */
async function refusal(
  options: Readonly<Record<string, unknown>>,
): Promise<Error & { readonly code?: string }> {
  const opening = (async () => elasticsearch.open({ index: ownIndex(), ...options }, context, label))();
  const error = await opening.then(
    async (store) => {
      await store.close();
      throw new Error('it opened');
    },
    (e: unknown) => e as Error & { readonly code?: string },
  );
  expect(error.message).not.toContain('\n');
  expect(error.message).not.toContain('hunter2');
  return error;
}

async function opened(options: Readonly<Record<string, unknown>>): Promise<TestIndex> {
  const test = await testIndex(options);
  closers.push(() => test.dispose());
  return test;
}

const save = (test: TestIndex, signal?: AbortSignal): Promise<void> => {
  const one = crash(T0);
  return test.store.saveProcessed(one.raw, one.processed, { signal });
};

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

describe.skipIf('missing' in state)(`where the server is not as the settings say${why}`, () => {
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
    const port = await listen(createTlsServer(tls, pass));
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

describe.skipIf('missing' in state)(`a server in trouble${why}`, () => {
  it('several addresses: one that is down is passed over, without an error', async () => {
    const test = await opened({ url: `http://127.0.0.1:1,${url}` });
    for (let i = 0; i < 10; i += 1) await save(test);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(10);
  });

  it('429 and rejected items are sent again until there is room', async () => {
    let refusals = 0;
    const test = await opened({
      url: await serve((incoming, response) => {
        if (incoming.url?.startsWith('/_bulk') && refusals < 3) {
          refusals += 1;
          if (refusals < 3)
            refuse(
              429,
              'es_rejected_execution_exception',
              'rejected execution of coordinating operation',
            )(incoming, response);
          else {
            incoming.resume();
            const error = {
              type: 'es_rejected_execution_exception',
              reason: 'rejected execution of primary operation',
            };
            answer(response, 200, { items: [{ index: { status: 429, error } }] });
          }
        } else pass(incoming, response);
      }),
    });
    await save(test);
    expect(refusals).toBe(3);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(1);
  });

  it('no room for ever: rate_limited, after as many attempts as were set', async () => {
    let bulks = 0;
    const test = await opened({
      bulk_retries: 2,
      url: await serve((incoming, response) => {
        if (!incoming.url?.startsWith('/_bulk')) return pass(incoming, response);
        bulks += 1;
        refuse(429, 'circuit_breaking_exception', '[parent] Data too large')(incoming, response);
      }),
    });
    await expect(save(test)).rejects.toMatchObject({ code: 'rate_limited', retryable: true });
    expect(bulks).toBe(3);
  });

  it.each<readonly [status: number, type: string, code: string, reason?: string]>([
    [403, 'security_exception', 'permission_denied'],
    [
      429,
      'cluster_block_exception',
      'full',
      'index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]',
    ],
    [503, 'unavailable_shards_exception', 'unavailable'],
    [500, 'null_pointer_exception', 'unavailable'],
    [504, 'process_cluster_event_timeout_exception', 'timeout'],
  ])('an item with %s %s is %s', async (status, type, code, reason = 'no') => {
    const test = await opened({
      url: await serve((incoming, response) => {
        if (!incoming.url?.startsWith('/_bulk')) return pass(incoming, response);
        incoming.resume();
        answer(response, 200, { items: [{ index: { status, error: { type, reason } } }] });
      }),
    });
    await expect(save(test)).rejects.toMatchObject({ code, name: 'StorageError' });
  });

  it('413: a document too large for the server goes, the crash stays', async () => {
    const test = await opened({
      keep_document: true,
      url: await serve((incoming, response) => {
        const length = Number(incoming.headers['content-length'] ?? 0);
        if (incoming.url?.startsWith('/_bulk') && length > 100_000) {
          incoming.resume();
          incoming.on('end', () => response.writeHead(413, { 'x-elastic-product': 'Elasticsearch' }).end());
        } else pass(incoming, response);
      }),
    });
    const noise = Array.from({ length: 40_000 }, () => Math.random().toString(36)).join('');
    const large = crash(T0, { noise, product: 'p' });
    const others = Array.from({ length: 5 }, () => crash(T0));
    await Promise.all(
      [large, ...others].map(({ raw, processed }) => test.store.saveProcessed(raw, processed)),
    );
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(6);
    const [week] = await test.index.weeks.live();
    const { _source } = await test.client.get<Readonly<Record<string, unknown>>>({
      index: week?.index ?? '',
      id: large.raw.id,
    });
    expect(_source).toMatchObject({ removed_fields: ['document'], product: { keyword: 'p' } });
    const small = await test.client.get<Readonly<Record<string, unknown>>>({
      index: week?.index ?? '',
      id: others[0]?.raw.id ?? '',
    });
    expect(small._source).not.toHaveProperty('removed_fields');
  });

  it('a connection that breaks is unavailable; the next call works; an abort ends a call that hangs', async () => {
    let mode: 'pass' | 'break' | 'hang' = 'pass';
    const test = await opened({
      url: await serve((incoming, response) => {
        if (mode === 'pass') pass(incoming, response);
        else if (mode === 'break') incoming.socket.destroy();
      }),
    });
    await save(test);
    mode = 'break';
    await expect(save(test)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(test.store.health()).rejects.toMatchObject({ code: 'unavailable' });
    mode = 'hang';
    const stop = new AbortController();
    const hanging = expect(save(test, stop.signal)).rejects.toMatchObject({ code: 'aborted' });
    const listing = expect(
      collect(test.store.list('2026-11-20', { signal: stop.signal })),
    ).rejects.toMatchObject({ code: 'aborted' });
    setTimeout(() => stop.abort(), 100);
    await Promise.all([hanging, listing]);
    mode = 'pass';
    await save(test);
    expect(await collect(test.store.list('2026-11-20'))).toHaveLength(2);
  });
});
