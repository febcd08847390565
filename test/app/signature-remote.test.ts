/** `signature` of crashes on a remote server, with all its moods. */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unusedPort } from '../build/listening.ts';
import { type Heard, type SaidServer, saidServer } from '../build/said-server.ts';
import { crash, OTHER, SAME, type SignatureSite, signatureSite } from './signature-site.ts';

let site: SignatureSite;
let server: SaidServer;

const remote = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  site.run(args, undefined, { SOCORRO_URL: server.url, ...env });

beforeAll(async () => {
  site = await signatureSite();
  server = await saidServer((_heard, response) => response.end());
});

afterAll(async () => {
  await server.close();
  await site.remove();
});

describe('a remote server', { timeout: 120_000 }, () => {
  const json = (body: unknown) => (_: Heard, response: ServerResponse) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));

  it('is asked with the token, and its pages are linked', async () => {
    const asked: unknown[] = [];
    server.answer = (request, response) => {
      asked.push(request.url, request.headers['auth-token']);
      json(crash(SAME, 'app::run'))(request, response);
    };
    const { code, stdout } = await remote(['--format', 'markdown', `bp-${SAME}`], {
      SOCORRO_API_TOKEN: 'secret',
    });
    expect([code, asked]).toEqual([0, [`/api/ProcessedCrash/?crash_id=${SAME}`, 'secret']]);
    expect(stdout).toContain(`[${SAME}](${server.url}/report/index/${SAME})`);
    await remote([SAME]);
    expect(asked.at(-1)).toBeUndefined();
  });

  const status =
    (code: number, body = '', headers: Readonly<Record<string, string>> = {}) =>
    (_: Heard, response: ServerResponse) =>
      void response.writeHead(code, headers).end(body);

  it.each([
    ['404', status(404), 'does not have processed crash.'],
    ['403', status(403, '{"error":"x"}'), '{url} answers 403, it wants a token: SOCORRO_API_TOKEN'],
    ['500', status(500, 'broken\u001b[31m'), '{url} answers 500: broken[U+001B][31m'],
    ['502 with a page', status(502, '<html>…'), '{url} answers 502: a page of HTML'],
    [
      'HTML',
      status(200, '<!doctype html>', { 'content-type': 'text/html' }),
      'the answer is a page of HTML (text/html, 15 characters)',
    ],
    ['half a JSON', status(200, '{"signature": "a'), 'the answer is no whole JSON (no type, 16 characters)'],
    ['nothing', status(200, ''), 'the answer is empty (no type, 0 characters)'],
    ['no crash', status(200, '[1]'), 'the answer is JSON, and no crash'],
    [
      'a redirect',
      status(302, '', { location: 'https://other.example/login' }),
      '{url} answers 302, it leads to https://other.example/login: set that as SOCORRO_URL',
    ],
    [
      'a cut connection',
      (_: Heard, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"signature"', () => response.destroy());
      },
      '{url} ended its answer half-way (UND_ERR_SOCKET)',
    ],
  ])('that answers %s: a line with the id, and it goes on', async (_what, how, said) => {
    server.answer = (request, response) =>
      request.url.endsWith(SAME) ? how(request, response) : json(crash(OTHER, 'x'))(request, response);
    const { code, stdout, stderr } = await remote([SAME, OTHER]);
    expect(stderr).toBe(`WARNING: ${SAME}: ${said.replace('{url}', server.url)}\n`);
    expect([code, stdout]).toEqual([1, expect.stringContaining(`Crash id: ${OTHER}`)]);
  });

  it.each([
    [
      '429',
      status(429, '', { 'retry-after': '30' }),
      '{url} answers 429, too many requests; it asks to wait 30 s',
    ],
    ['an error', json({ error: 'no\nway' }), 'the server says: no[U+000A]way'],
  ])('that answers %s is left alone', async (_what, how, said) => {
    let asked = 0;
    server.answer = (request, response) => {
      asked += 1;
      how(request, response);
    };
    const { code, stderr } = await remote([SAME, OTHER]);
    expect([code, asked, stderr]).toEqual([1, 1, `WARNING: ${SAME}: ${said.replace('{url}', server.url)}\n`]);
  });

  it('that is down, or says nothing, is named with each id', async () => {
    const nobody = `http://127.0.0.1:${await unusedPort()}`;
    const down = await site.run([SAME, OTHER], undefined, { SOCORRO_URL: nobody });
    expect(down).toMatchObject({
      code: 1,
      stderr: [SAME, OTHER]
        .map((id) => `WARNING: ${id}: ${nobody} cannot be reached (ECONNREFUSED)\n`)
        .join(''),
    });
    server.answer = () => undefined;
    const silent = await remote([SAME], { SOCORRO_TIMEOUT: '300ms' });
    expect(silent).toMatchObject({
      code: 1,
      stderr: `WARNING: ${SAME}: ${server.url} did not answer within 0.3 s\n`,
    });
    const wrong = await site.run([SAME], undefined, { SOCORRO_URL: 'crash-stats' });
    expect(wrong.stderr).toBe('SOCORRO_URL is like https://crash-stats.mozilla.org, not "crash-stats"\n');
  });
});
