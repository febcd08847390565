/** `signature` of stored crashes and of JSON: ids of any kind, formats, explanations, exit codes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CrashId, parseStoredId } from '../../src/model/crash-id.ts';
import { rawCrash, report } from '../../src/storage/conformance/inputs.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { crash, frames, OTHER, SAME, type SignatureSite, signatureSite } from './signature-site.ts';

const ABSENT = '2bba929f-8721-460c-8e70-a43c90261121';
/** As Ubuntu's daisy gives them: version 1, no date, letters at the end. */
const OOPS = '8f4d2f5e-c3d0-11f0-9c8e-fa163e99abcd' as CrashId;

const trace = {
  lists: 'f'.repeat(64),
  generator: '2025.1',
  tool: 'c',
  thread: 0,
  frames: [{ frame: 'long_ago', index: 0, verdict: 'stopped' }],
  steps: [{ rule: 'SignatureGenerationRule', from: '', to: 'long_ago' }],
};
let site: SignatureSite;

beforeAll(async () => {
  site = await signatureSite();
  const store = await FsStorage.open('crashes', { root: join(site.path, 'stores', 'crashes'), depth: 2 });
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
});

afterAll(() => site.remove());

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
    const { code, stdout, stderr } = await site.run(['-v'], lines);
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
    const csv = await site.run(['--format', 'csv', '--different-only', SAME, OTHER]);
    expect(csv).toMatchObject({
      code: 0,
      stdout: `"crashid","old","new","same?","notes"\n"${OTHER}","old \`one\`","app::run","False","[]"\n`,
    });
    const env = { WEB_BASE_URL: 'https://crashes.example.org' };
    const markdown = await site.run(['--format', 'markdown', OTHER], undefined, env);
    expect(markdown.stdout.split('\n')).toEqual([
      `**Crash id:** [${OTHER}](https://crashes.example.org/report/index/${OTHER})`,
      '**Original:** `old \\`one\\``',
      '**New:** `app::run`',
      '**Same?:** False',
      '',
    ]);
    const json = await site.run(['--format', 'json', SAME, OTHER]);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { crash_id: SAME, original: 'app::run', new: 'app::run', same: true, notes: [] },
      { crash_id: OTHER, same: false, proto_signature: 'raise | app::run | main' },
    ]);
    const none = await site.run(['--format', 'json', '--different-only', SAME]);
    expect([none.code, JSON.parse(none.stdout)]).toEqual([0, []]);
  });

  it('fails on a change only when told to, and says that a format is unknown', async () => {
    expect((await site.run(['--fail-on-change', SAME])).code).toBe(0);
    expect((await site.run(['--fail-on-change', OTHER])).code).toBe(1);
    const odd = await site.run(['--format', 'xml', SAME]);
    expect(odd).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Crash id: /) });
    expect(odd.stderr).toBe('WARNING: --format "xml" is none of text, csv, markdown, json; this is text\n');
  });

  it('explains the stored trace as it was made, and today’s with --now', async () => {
    const then = await site.run(['--explain', OOPS]);
    expect(then.stdout).toContain('Generator: 2025.1');
    expect(then.stdout).toMatch(/0 stopped {2}long_ago/);
    const now = await site.run(['--now', '--format', 'json', OOPS]);
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
    const unknown = await site.run(['--explain', SAME]);
    expect(unknown.stdout).toContain('not recorded; --now explains');
    expect((await site.run(['--explain', '--format', 'csv', SAME])).code).toBe(2);
  });

  it('prints help when there is nothing to do, and the pipeline with --doc', async () => {
    const help = await site.run([], '\n');
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('Usage: auxilio signature')]);
    expect(help.stdout).toMatch(/signature 8f4d2f5e\S+ +# an OOPS id/);
    const doc = await site.run(['--doc']);
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
    expect(JSON.parse((await site.run(['signify'], traceback)).stdout)).toEqual({
      signature: 'cart.add',
      proto_signature: 'cart.add',
      notes: [],
    });
  });

  it('signify is what fetch-data leads to', async () => {
    const data = await site.run(['fetch-data', `bp-${OTHER}`]);
    expect(JSON.parse(data.stdout)).toMatchObject({
      crashing_thread: 0,
      os: 'Linux',
      original_signature: 'old `one`',
    });
    const signed = await site.run(['signify'], data.stdout);
    expect(signed.stdout).toBe(
      `${JSON.stringify({ signature: 'app::run', proto_signature: 'raise | app::run | main', notes: [] }, null, 2)}\n`,
    );
    expect((await site.run(['signify'], JSON.stringify(crash(SAME, 'x')))).stdout).toBe(signed.stdout);
    const input = await site.run(['--input', '-', '--fail-on-change'], data.stdout);
    expect(input).toMatchObject({
      code: 1,
      stdout: 'Original: old `one`\nNew:      app::run\nSame?:    False\n',
    });
  });

  it('reads a file with a byte order mark, and one without crashes', async () => {
    const file = join(site.path, 'marked.json');
    await writeFile(file, `\ufeff${JSON.stringify([crash(SAME, 'app::run')])}`);
    expect((await site.run(['--input', file])).stdout).toContain('Same?:    True\n');
    expect(
      (await site.run(['signify'], '\ufeff{"threads":[{"frames":[{"function":"f"}]}]}')).stdout,
    ).toContain('"signature": "f"');
    await writeFile(file, '[]');
    for (const [format, lines] of [
      ['text', ''],
      ['json', '[\n]\n'],
    ] as const)
      expect(await site.run(['--input', file, '--format', format])).toMatchObject({
        code: 0,
        stdout: lines,
      });
  });

  it('reads a file of many, and refuses what is none in one line', async () => {
    const file = join(site.path, 'crashes.json');
    await writeFile(file, JSON.stringify([crash(SAME, 'app::run'), { threads: [{ frames }] }]));
    const { stdout } = await site.run(['--input', file]);
    expect(stdout).toBe(
      `Crash id: ${SAME}\nOriginal: app::run\nNew:      app::run\nSame?:    True\n\nNew:      app::run\n`,
    );
    for (const [text, line] of [
      ['{"a":', /^stdin is no JSON: .*\n$/],
      ['7', /^stdin: the JSON is no object.*\n$/],
      ['[{}, 7]', /^stdin: element 1 is no object.*\n$/],
    ] as const)
      expect(await site.run(['--input', '-'], text)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(line),
      });
    expect(await site.run(['signify', '/nope'])).toMatchObject({
      code: 1,
      stderr: '/nope cannot be read (ENOENT)\n',
    });
    expect(await site.run(['fetch-data', ABSENT])).toMatchObject({
      code: 1,
      stderr: `WARNING: ${ABSENT}: does not have processed crash.\n`,
    });
    expect((await site.run(['fetch-data', 'x'])).code).toBe(1);
  });
});
