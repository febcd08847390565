/** `auxilio siglists preview` as its users run it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import { runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';
import { fill, generatorOf, listsWith, withStores } from './siglists-site.ts';

const HOSTILE = 'evil<script>alert(1)</script>`|`\u001b[31m';
const STACKS: readonly (readonly string[])[] = [
  ['wrapper_one', 'app::shared', 'main'],
  ['wrapper_two', 'app::shared', 'main'],
  ['wrapper_two', 'app::shared', 'main'],
  ['app::shared', 'main'],
  ['app::split', 'net::left', 'main'],
  ['app::split', 'net::right', 'main'],
  ['wrapper_three', 'app::renamed', 'main'],
  ['app::other', 'main'],
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let lists: string;
let ids: readonly CrashId[];

const preview = (...args: readonly string[]) =>
  runAuxilio(['siglists', 'preview', ...args], {
    dataDir: folder.path,
    env: { WEB_BASE_URL: 'https://crashes.example.org' },
  });

beforeAll(async () => {
  folder = await temporaryFolder('auxilio-preview-');
  const generator = await generatorOf();
  ids = await fill(folder.path, STACKS, generator);
  // One from before inputs were stored.
  await fill(folder.path, [['app::old']], generator, { signature_input: undefined });
  lists = await listsWith(join(folder.path, 'NEW'), {
    'irrelevant_signature_re.txt': 'wrapper_',
    'prefix_signature_re.txt': 'app::split',
  });
});
afterAll(() => folder.remove());

describe('siglists preview', { timeout: 120_000 }, () => {
  it('prints merges, splits and moves with counts and examples', async () => {
    const { code, stdout, stderr } = await preview(
      '--since',
      '2026-11-21',
      '--until',
      '2026-11-21',
      '--list-dir',
      'NEW',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 1)).toEqual([
      'index, 2026-11-21T00:00:00.000Z to 2026-11-22T00:00:00.000Z: 8 crashes in 6 signatures',
    ]);
    expect(stdout.split('\n').slice(2)).toEqual([
      '6 crashes change: 1 merge, 1 split, 1 move; 5 signatures afterwards',
      '1 crash without a stored input cannot be judged: auxilio reprocess',
      '',
      'MERGE 4 crashes into  app::shared',
      expect.stringMatching(/^ {9}2 {2}wrapper_two {2}\S{36} \S{36}$/),
      '         1  app::shared  (stays)',
      `         1  wrapper_one  ${ids[0]}`,
      '',
      'SPLIT 2 crashes of  app::split',
      `         1  app::split | net::left  ${ids[4]}`,
      `         1  app::split | net::right  ${ids[5]}`,
      '',
      `MOVE  1 crash  ${ids[6]}`,
      '      from  wrapper_three',
      '      to    app::renamed',
      '',
    ]);
  });

  it('says so when nothing changes, and fails on a change only when told to', async () => {
    const same = await preview('--since', '2026-11-21', '--until', '2026-11-21', '--fail-on-change');
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('no signature changes') });
    const changed = await preview(
      '--since',
      '2026-11-21',
      '--until',
      '2026-11-21T23:00',
      '--list-dir',
      'NEW',
      '--fail-on-change',
    );
    expect(changed.code).toBe(1);
    const before = await preview('--since', '2026-11-01', '--until', '2026-11-20', '--list-dir', 'NEW');
    expect(before.stdout).toContain('0 crashes in 0 signatures');
  });

  it('against the lists in use only the edit counts, whatever made the stored signatures', async () => {
    const older = await temporaryFolder('auxilio-preview-');
    try {
      await fill(older.path, STACKS, await generatorOf(), { signature: 'from long ago' });
      const run = (against: string) =>
        runAuxilio(
          [
            'siglists',
            'preview',
            '--since',
            '2026-11-21',
            '--until',
            '2026-11-21',
            '--list-dir',
            lists,
            '--against',
            against,
          ],
          { dataDir: older.path },
        );
      expect((await run('stored')).stdout).toContain('8 crashes change: 0 merges, 1 split, 0 moves');
      const { stdout } = await run('current');
      expect(stdout).toContain('6 crashes change: 1 merge, 1 split, 1 move; 5 signatures afterwards');
      expect(stdout).toMatch(/^lists .*, beside lists [0-9a-f]{12}$/m);
      expect(await run('x')).toMatchObject({ code: 2, stderr: '--against is stored or current, not "x"\n' });
    } finally {
      await older.remove();
    }
  });

  it('csv has all pairs, json the whole', async () => {
    const period = ['--since', '2026-11-21', '--until', '2026-11-21', '--list-dir', lists];
    const csv = await preview(...period, '--format', 'csv', '--limit', '1');
    expect(csv.stdout.split('\n')).toEqual([
      '"kind","old","new","crashes","examples"',
      expect.stringMatching(/^"merge","wrapper_two","app::shared","2","\S+ \S+"$/),
      '"merge","app::shared","app::shared","1",""',
      `"merge","wrapper_one","app::shared","1","${ids[0]}"`,
      `"split","app::split","app::split | net::left","1","${ids[4]}"`,
      `"split","app::split","app::split | net::right","1","${ids[5]}"`,
      `"move","wrapper_three","app::renamed","1","${ids[6]}"`,
      '',
    ]);
    const json = await preview(...period, '--format', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ crashes: 8, changed: 6, withoutInput: 1, folder: lists });
  });

  it('markdown and html quote what a client sent, link examples, and are cut', async () => {
    const hostile = await temporaryFolder('auxilio-preview-');
    try {
      await fill(
        hostile.path,
        [
          [HOSTILE, 'app::x'],
          ['wrapper_9', 'app::y'],
        ],
        await generatorOf(),
        {
          signature: HOSTILE,
        },
      );
      const run = (...args: readonly string[]) =>
        runAuxilio(
          [
            'siglists',
            'preview',
            '--since',
            '2026-11-21',
            '--until',
            '2026-11-21',
            '--list-dir',
            lists,
            ...args,
          ],
          {
            dataDir: hostile.path,
            env: { WEB_BASE_URL: 'https://crashes.example.org' },
          },
        );
      const markdown = await run('--format', 'markdown');
      expect(markdown.stdout).toMatch(/^### 2 crashes change: 0 merges, 1 split, 0 moves; /);
      expect(markdown.stdout).toContain(
        '- **2 crashes** of ``evil<script>alert(1)</script>`|`[U+001B][31m``',
      );
      expect(markdown.stdout).toMatch(
        /- 1 become `app::y` \(\[\w{8}\]\(https:\/\/crashes\.example\.org\/report\/index\//,
      );
      const html = await run('--format', 'html', '--output', 'page.html');
      expect(html.stdout).toBe('');
      const page = await readFile(join(hostile.path, 'page.html'), 'utf8');
      expect(page).toContain('evil&#60;script&#62;');
      expect(page).not.toContain('<script');
      expect(page).toMatch(/<a href="https:\/\/crashes\.example\.org\/report\/index\/[^"]+">/);
      const cut = await run('--limit', '1');
      expect(cut.stdout).toContain('… and 1 more');
    } finally {
      await hostile.remove();
    }
  });

  it('changes nothing', async () => {
    await withStores(folder.path, async ({ index }) => {
      for (const [i, id] of ids.entries())
        expect((await index.readProcessed(id)).signature).toBe(STACKS[i]?.[0]);
    });
  });

  it.each([
    [['--list-dir', 'NEW'], 2, '--since is missing: how far back, like --since 7d\n'],
    [['--since', 'x'], 2, '--since is like 7d, 2026-11-21 or 2026-11-21T08:00Z, not "x"\n'],
    [['--since', '2026-02-31'], 2, /^--since is a day/],
    [['--since', '2d', '--until', '3d'], 2, '--until 3d is not after --since 2d\n'],
    [['--since', '2d', '--format', 'pdf'], 2, '--format is text, csv, markdown, html, json, not "pdf"\n'],
    [['--since', '2d', '--list-dir', '/nope'], 1, '--list-dir: /nope cannot be read (ENOENT)\n'],
    [['--since', '2d', '--store', 'crashes'], 1, /crashes.*--store needs scan/],
  ] as const)('%j is one line', async (args, code, line) => {
    const { code: is, stderr } = await preview(...args);
    expect(is).toBe(code);
    if (typeof line === 'string') expect(stderr).toBe(line);
    else expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
