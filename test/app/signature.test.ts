/** `signature` as its users run it: ids of any kind, stores, a remote server with all its moods, formats, exit codes. */

import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashId, parseStoredId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { rawCrash, report } from '../../src/storage/conformance/inputs.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

const SAME = '0bba929f-8721-460c-8e70-a43c90261121' as CrashId;
const OTHER = '1bba929f-8721-460c-8e70-a43c90261121' as CrashId;
const ABSENT = '2bba929f-8721-460c-8e70-a43c90261121';
/** As Ubuntu's daisy gives them: version 1, no date, letters at the end. */
const OOPS = '8f4d2f5e-c3d0-11f0-9c8e-fa163e99abcd' as CrashId;

const frames = [
  { frame: 0, function: 'raise' },
  { frame: 1, function: 'app::run(int)' },
  { frame: 2, function: 'main' },
];
const walk: ProcessedCrash['json_dump'] = {
  status: 'OK',
  crash_info: { crashing_thread: 0 },
  system_info: { os: 'Linux' },
  threads: [{ frames }],
};
const trace = {
  lists: 'f'.repeat(64),
  generator: '2025.1',
  tool: 'c',
  thread: 0,
  frames: [{ frame: 'long_ago', index: 0, verdict: 'stopped' }],
  steps: [{ rule: 'SignatureGenerationRule', from: '', to: 'long_ago' }],
};
const crash = (id: CrashId, signature: string, more: object = {}): ProcessedCrash => ({
  id,
  uuid: id,
  signature,
  json_dump: walk,
  ...more,
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const signature = (args: readonly string[], stdin?: string, env: Readonly<Record<string, string>> = {}) =>
  runAuxilio(['signature', ...args], { dataDir: folder.path, env }, stdin);
const remote = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  signature(args, undefined, { SOCORRO_URL: url, ...env });

beforeAll(async () => {
  folder = await temporaryFolder('auxilio-signature-');
  const store = await FsStorage.open('crashes', { root: join(folder.path, 'stores', 'crashes'), depth: 2 });
  const crashes = [
    crash(SAME, 'app::run'),
    crash(OTHER, 'old `one`'),
    crash(OOPS, 'long_ago', { signature_trace: trace }),
  ];
  for (const processed of crashes) {
    const raw = { ...rawCrash({}, SAME), id: processed.id };
    await store.saveReport(report(raw));
    await store.saveProcessed(raw, processed);
  }
  await store.close();
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await folder.remove();
});

describe('ids', () => {
  it.each([
    [SAME, SAME],
    [`bp-${SAME}`, SAME],
    [`https://crash-stats.mozilla.org/report/index/${SAME}`, SAME],
    [`https://errors.ubuntu.com/oops/${OOPS}`, OOPS],
    [OOPS, OOPS],
    [OOPS.toUpperCase(), OOPS],
    [SAME.toUpperCase(), SAME],
    ['8f4d2f5e-c3d0-11f0-9c8e-fa163e99abc', undefined],
    ['8f4d2f5e-c3d0-11f0-9c8e-fa163e99abcd/..', undefined],
    [`${OOPS}\n`, undefined],
    ['../../etc/passwd', undefined],
    ['http', undefined],
    ['', undefined],
  ])('%j', (text, id) => {
    expect(parseStoredId(text)).toBe(id);
  });
});

describe('signature of stored crashes', { timeout: 120_000 }, () => {
  it('takes ids of every form from stdin, says what it could not do, and goes on', async () => {
    const lines = `bp-${SAME}\n\n  https://x.example/report/index/${OTHER}\nnonsense\n${ABSENT}\n${OOPS}\n`;
    const { code, stdout, stderr } = await signature(['-v'], lines);
    expect(stderr).toBe(
      `WARNING: Error: nonsense is not a valid crash id\nWARNING: ${ABSENT}: does not have processed crash.\n`,
    );
    expect(code).toBe(1);
    const [first, second, third] = stdout.split('\n\n');
    expect(first).toBe(
      [
        `Crash id: ${SAME}`,
        'Original: app::run',
        'New:      app::run',
        'Same?:    True',
        'Debug:    (4)',
        '          SignatureGenerationRule: using included signature lists',
        '          SignatureGenerationRule: irrelevant; ignoring: "raise"',
        '          SignatureGenerationRule: not a prefix; stop: "app::run"',
        '          SignatureGenerationRule: change signature: "" -> "app::run"',
        'Extra:    {"normalized_frames":["raise","app::run","main"],"proto_signature":"raise | app::run | main"}',
      ].join('\n'),
    );
    expect(second).toContain(
      `Crash id: ${OTHER}\nOriginal: old \`one\`\nNew:      app::run\nSame?:    False`,
    );
    expect(third).toContain(`Crash id: ${OOPS}`);
  });

  it('prints csv, markdown and json, and only what differs', async () => {
    const csv = await signature(['--format', 'csv', '--different-only', SAME, OTHER]);
    expect(csv).toMatchObject({
      code: 0,
      stdout: `"crashid","old","new","same?","notes"\n"${OTHER}","old \`one\`","app::run","False","[]"\n`,
    });
    const env = { WEB_BASE_URL: 'https://crashes.example.org' };
    const markdown = await signature(['--format', 'markdown', OTHER], undefined, env);
    expect(markdown.stdout.split('\n')).toEqual([
      `**Crash id:** [${OTHER}](https://crashes.example.org/report/index/${OTHER})`,
      '**Original:** `old \\`one\\``',
      '**New:** `app::run`',
      '**Same?:** False',
      '',
    ]);
    const json = await signature(['--format', 'json', SAME, OTHER]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { crash_id: SAME, original: 'app::run', new: 'app::run', same: true, notes: [] },
      { crash_id: OTHER, same: false, proto_signature: 'raise | app::run | main' },
    ]);
    const none = await signature(['--format', 'json', '--different-only', SAME]);
    expect([none.code, JSON.parse(none.stdout)]).toEqual([0, []]);
  });

  it('fails on a change only when told to, and says that a format is unknown', async () => {
    expect((await signature(['--fail-on-change', SAME])).code).toBe(0);
    expect((await signature(['--fail-on-change', OTHER])).code).toBe(1);
    const odd = await signature(['--format', 'xml', SAME]);
    expect(odd).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Crash id: /) });
    expect(odd.stderr).toBe('WARNING: --format "xml" is none of text, csv, markdown, json; this is text\n');
  });

  it('explains the stored trace as it was made, and today’s with --now', async () => {
    const then = await signature(['--explain', OOPS]);
    expect(then.stdout).toContain('Generator: 2025.1');
    expect(then.stdout).toMatch(/0 stopped {2}long_ago/);
    const now = await signature(['--now', '--format', 'json', OOPS]);
    expect(JSON.parse(now.stdout)).toMatchObject([
      {
        explanation: {
          signature: 'app::run',
          listsKnown: true,
          frames: [
            { frame: 'raise', verdict: 'irrelevant', by: { list: 'irrelevant_signature_re.txt' } },
            { frame: 'app::run', verdict: 'stopped' },
            { frame: 'main', verdict: 'not_reached' },
          ],
        },
      },
    ]);
    const unknown = await signature(['--explain', SAME]);
    expect(unknown.stdout).toContain('not recorded; --now explains');
    expect((await signature(['--explain', '--format', 'csv', SAME])).code).toBe(2);
  });

  it('prints help when there is nothing to do, and the pipeline with --doc', async () => {
    const help = await signature([], '\n');
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('Usage: auxilio signature')]);
    expect(help.stdout).toMatch(/signature 8f4d2f5e\S+ +# an OOPS id/);
    const doc = await signature(['--doc']);
    expect(doc.stdout).toMatch(/\n1\. \*\*SignatureGenerationRule\*\*: .*\n2\. \*\*Stackwalker/);
    expect(doc.stdout).toMatch(/\n14\. \*\*SigTruncate\*\*: [^\n]*\n$/);
    // Every rule says what it does.
    expect(doc.stdout).not.toMatch(/\*\*(\w+)\*\*: \1\n/);
  });
});

describe('crash data and processed crashes as JSON', { timeout: 120_000 }, () => {
  it('a stack as its runtime prints it does as well', async () => {
    const traceback =
      'Traceback (most recent call last):\n  File "/app/cart.py", line 3, in add\nKeyError: 1\n';
    expect(JSON.parse((await signature(['signify'], traceback)).stdout)).toEqual({
      signature: 'cart.add',
      proto_signature: 'cart.add',
      notes: [],
    });
  });

  it('signify is what fetch-data leads to', async () => {
    const data = await signature(['fetch-data', `bp-${OTHER}`]);
    expect(JSON.parse(data.stdout)).toMatchObject({
      crashing_thread: 0,
      os: 'Linux',
      original_signature: 'old `one`',
    });
    const signed = await signature(['signify'], data.stdout);
    expect(signed.stdout).toBe(
      `${JSON.stringify({ signature: 'app::run', proto_signature: 'raise | app::run | main', notes: [] }, null, 2)}\n`,
    );
    expect((await signature(['signify'], JSON.stringify(crash(SAME, 'x')))).stdout).toBe(signed.stdout);
    const input = await signature(['--input', '-', '--fail-on-change'], data.stdout);
    expect(input).toMatchObject({
      code: 1,
      stdout: 'Original: old `one`\nNew:      app::run\nSame?:    False\n',
    });
  });

  it('reads a file with a byte order mark, and one without crashes', async () => {
    const file = join(folder.path, 'marked.json');
    await writeFile(file, `\ufeff${JSON.stringify([crash(SAME, 'app::run')])}`);
    expect((await signature(['--input', file])).stdout).toContain('Same?:    True\n');
    expect(
      (await signature(['signify'], '\ufeff{"threads":[{"frames":[{"function":"f"}]}]}')).stdout,
    ).toContain('"signature": "f"');
    await writeFile(file, '[]');
    for (const [format, lines] of [
      ['text', ''],
      ['json', '[\n]\n'],
    ] as const)
      expect(await signature(['--input', file, '--format', format])).toMatchObject({
        code: 0,
        stdout: lines,
      });
  });

  it('reads a file of many, and refuses what is none in one line', async () => {
    const file = join(folder.path, 'crashes.json');
    await writeFile(file, JSON.stringify([crash(SAME, 'app::run'), { threads: [{ frames }] }]));
    const { stdout } = await signature(['--input', file]);
    expect(stdout).toBe(
      `Crash id: ${SAME}\nOriginal: app::run\nNew:      app::run\nSame?:    True\n\nNew:      app::run\n`,
    );
    for (const [text, line] of [
      ['{"a":', /^stdin is no JSON: .*\n$/],
      ['7', /^stdin: the JSON is no object.*\n$/],
      ['[{}, 7]', /^stdin: element 1 is no object.*\n$/],
    ] as const)
      expect(await signature(['--input', '-'], text)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(line),
      });
    expect(await signature(['signify', '/nope'])).toMatchObject({
      code: 1,
      stderr: '/nope cannot be read (ENOENT)\n',
    });
    expect(await signature(['fetch-data', ABSENT])).toMatchObject({
      code: 1,
      stderr: `WARNING: ${ABSENT}: does not have processed crash.\n`,
    });
    expect((await signature(['fetch-data', 'x'])).code).toBe(1);
  });
});

describe('a remote server', { timeout: 120_000 }, () => {
  const json = (body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));

  it('is asked with the token, and its pages are linked', async () => {
    const asked: unknown[] = [];
    answer = (request, response) => {
      asked.push(request.url, request.headers['auth-token']);
      json(crash(SAME, 'app::run'))(request, response);
    };
    const { code, stdout } = await remote(['--format', 'markdown', `bp-${SAME}`], {
      SOCORRO_API_TOKEN: 'secret',
    });
    expect([code, asked]).toEqual([0, [`/api/ProcessedCrash/?crash_id=${SAME}`, 'secret']]);
    expect(stdout).toContain(`[${SAME}](${url}/report/index/${SAME})`);
    await remote([SAME]);
    expect(asked.at(-1)).toBeUndefined();
  });

  const status =
    (code: number, body = '', headers: Readonly<Record<string, string>> = {}) =>
    (_: IncomingMessage, response: ServerResponse) =>
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
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"signature"', () => response.destroy());
      },
      '{url} ended its answer half-way (UND_ERR_SOCKET)',
    ],
  ])('that answers %s: a line with the id, and it goes on', async (_what, how, said) => {
    answer = (request, response) =>
      request.url?.endsWith(SAME) ? how(request, response) : json(crash(OTHER, 'x'))(request, response);
    const { code, stdout, stderr } = await remote([SAME, OTHER]);
    expect(stderr).toBe(`WARNING: ${SAME}: ${said.replace('{url}', url)}\n`);
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
    answer = (request, response) => {
      asked += 1;
      how(request, response);
    };
    const { code, stderr } = await remote([SAME, OTHER]);
    expect([code, asked, stderr]).toEqual([1, 1, `WARNING: ${SAME}: ${said.replace('{url}', url)}\n`]);
  });

  it('that is down, or says nothing, is named with each id', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => gone.close(resolve));
    const down = await signature([SAME, OTHER], undefined, { SOCORRO_URL: nobody });
    expect(down).toMatchObject({
      code: 1,
      stderr: [SAME, OTHER]
        .map((id) => `WARNING: ${id}: ${nobody} cannot be reached (ECONNREFUSED)\n`)
        .join(''),
    });
    answer = () => undefined;
    const silent = await remote([SAME], { SOCORRO_TIMEOUT: '300ms' });
    expect(silent).toMatchObject({
      code: 1,
      stderr: `WARNING: ${SAME}: ${url} did not answer within 0.3 s\n`,
    });
    const wrong = await signature([SAME], undefined, { SOCORRO_URL: 'crash-stats' });
    expect(wrong.stderr).toBe('SOCORRO_URL is like https://crash-stats.mozilla.org, not "crash-stats"\n');
  });
});
