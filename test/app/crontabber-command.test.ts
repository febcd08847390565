/** The command `crontabber` as operators call it. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timeSince, timeText } from '../../src/app/commands/crontabber/time-words.ts';
import { runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

const LIMIT_MS = 240_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-cron-');
});
afterEach(() => folder.remove());

/** Fails while a file is there; leaves its period. */
const JOB = `import { existsSync } from 'node:fs';
export default { name: 'nightly', every: '1d', at: '02:00', backfill: true, timeoutMs: 60000,
  async run({ period }) { if (existsSync('broken')) throw new TypeError('it is broken'); } };`;

const run = (...args: readonly string[]) =>
  runAuxilio(
    ['crontabber', '--crontabber-modules', './nightly.mjs', '--crontabber-jobs', 'nightly|1d|02:00', ...args],
    { dataDir: folder.path },
  );
const bare = (...args: readonly string[]) => runAuxilio(['crontabber', ...args], { dataDir: folder.path });

describe('time in words', () => {
  it.each([
    [0, '0 seconds'],
    [-5, '0 seconds'],
    [1, '1 second'],
    [65, '1 minute, 5 seconds'],
    [120, '2 minutes'],
    [7_500, '2 hours, 5 minutes'],
    [7_205, '2 hours'],
    [86_400 * 9, '1 week, 2 days'],
    [86_400 * 400, '1 year, 1 month'],
  ])('%d s: %s', (seconds, text) => {
    const from = new Date('2026-11-21T06:00:00Z');
    expect(timeSince(from, new Date(from.getTime() + seconds * 1000))).toBe(text);
  });

  it('has a second for its finest', () =>
    expect(timeText(new Date('2026-11-21T06:00:01.9Z'))).toBe('2026-11-21 06:00:01'));
});

describe('crontabber', { timeout: LIMIT_MS }, () => {
  it('runs, fails, says so everywhere, is put right', async () => {
    await writeFile(join(folder.path, 'nightly.mjs'), JOB);
    const plan = await run('--dry-run');
    expect(plan.stdout).toMatch(
      /^run nightly for \d{4}-\d\d-\d\d 02:00:00 to \d{4}-\d\d-\d\d 02:00:00 UTC\n$/,
    );
    // Nothing after it, not even a blank line.
    expect((await run('--list-jobs')).stdout).toBe(
      `=== JOB ${'='.repeat(72)}\nClass:          ./nightly.mjs\nApp name:       nightly\nFrequency:      1d @ 02:00\n*NO PREVIOUS RUN INFO*\n`,
    );
    await writeFile(join(folder.path, 'broken'), '');
    expect(await run()).toMatchObject({ code: 0, stdout: 'ran nightly\n' });
    const listed = await run('--list-jobs');
    expect(listed.stdout).toMatch(
      /^=== JOB ={72}\nClass: {10}\.\/nightly\.mjs\nApp name: {7}nightly\nFrequency: {6}1d @ 02:00\nLast run: {7}\S+ \S+ {2}\(.* ago\)\nLast success: {3}no previous successful run\nNext run: {7}\S+ \S+ {2}\(in 4 minutes.*\)\n/,
    );
    expect(listed.stdout).toMatch(
      /^Error!! {9}\(1 times\)\nTraceback \(most recent call first\):\n {4}at [\s\S]*\nTypeError: it is broken\n\n$/m,
    );
    // It catches up by itself.
    expect(await run('--nagios')).toMatchObject({
      code: 1,
      stdout: 'WARNING - nightly (./nightly.mjs) | TypeError | it is broken\n',
    });
    const failed = await run('--job', './nightly.mjs');
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/nightly failed: TypeError: it is broken\n$/);
    expect(await run('--nagios')).toMatchObject({ code: 2 });
    const [state] = JSON.parse((await run('--list-jobs', '--format', 'json')).stdout) as Record<
      string,
      unknown
    >[];
    expect(state).toMatchObject({
      job: 'nightly',
      state: 'failed',
      error_count: 2,
      last_error: { value: 'it is broken' },
    });
    await rm(join(folder.path, 'broken'));
    expect(await run('--job', 'nightly')).toMatchObject({ code: 0 });
    expect(await run('--nagios')).toMatchObject({ code: 0, stdout: 'OK - All systems nominal\n' });
    const ranged = await run('--job', 'nightly', '--from', '2026-01-01', '--to', '2026-01-04');
    expect(ranged.stdout).toBe(
      'nightly: done for 2026-01-01 02:00:00 to 2026-01-03 02:00:00 UTC (2 periods)\n',
    );
    expect(ranged.stderr).toMatch(/nightly: 0 of 2 periods done, now 2026-01-01 02:00:00/);
    const log = JSON.parse((await run('--list-runs', '--format', 'json')).stdout) as { outcome: string }[];
    expect(log.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'failed', 'failed']);
  });

  it('lists jobs as they are configured, whatever the order in which they run', async () => {
    const jobs = 'featured-versions|1h,bugs|1h,product-versions|1h,release-feed|1h';
    const listed = await bare('--list-jobs', '--crontabber-jobs', jobs);
    expect([...listed.stdout.matchAll(/^Class: +(\S+)\nApp name: +(\S+)$/gm)].map((m) => m.slice(1))).toEqual(
      ['featured-versions', 'bugs', 'product-versions', 'release-feed'].map((name) => [
        `auxilio/crontabber/jobs/${name}`,
        name,
      ]),
    );
    const { stdout } = await bare('--list-jobs', '--crontabber-jobs', jobs, '--format', 'json');
    const rows = JSON.parse(stdout) as { job: string; class: string; run_order: number }[];
    expect(rows.map(({ job, run_order: at }) => [job, at])).toEqual([
      ['featured-versions', 4],
      ['bugs', 1],
      ['product-versions', 2],
      ['release-feed', 3],
    ]);
  });

  it("says the program's version", async () =>
    expect(await bare('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    }));

  it('finds ghosts and forgets them', async () => {
    await writeFile(join(folder.path, 'nightly.mjs'), JOB);
    await run();
    expect((await bare('--audit-ghosts', '--crontabber-jobs', 'bugs|1h')).stdout).toBe(
      'Found the following in the state database but not available as a configured job:\n\tnightly\n',
    );
    expect((await bare('--audit-ghosts', '--format', 'json')).stdout).toBe(
      '[\n  {\n    "job": "nightly"\n  }\n]\n',
    );
    expect(await bare('--reset', 'nightly')).toMatchObject({ code: 0, stdout: 'nightly: reset\n' });
    expect((await bare('--audit-ghosts')).stdout).toBe('');
    expect(await run('--reset-job', 'nightly')).toMatchObject({
      code: 0,
      stderr: 'nightly: already reset\n',
    });
    expect(await run('--mark-success', 'all')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nightly: done until/),
    });
    expect(await run()).toMatchObject({ code: 0, stdout: 'nothing was due\n' });
  });

  it('checks its list, and says nothing when all is well', async () => {
    expect(await bare('--configtest')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const wrong = await bare(
      '--configtest',
      '--crontabber-jobs',
      'bgus|1d,bugs|1q,weekly-reports-partitions|7d|06:00',
    );
    expect(wrong.code).toBe(1);
    expect(wrong.stderr.trim().split('\n')).toEqual([
      'CRONTABBER_JOBS: "bgus|1d": there is no job bgus; did you mean bugs?',
      expect.stringMatching(/^CRONTABBER_JOBS: "bugs\|1q": "1q" is no frequency/),
    ]);
  });

  it.each([
    [['--job', 'bgus'], /there is no job "bgus"; did you mean bugs\?/],
    [['--reset-job', 'bgus'], /did you mean bugs\?/],
    [['--mark-success', 'bugs,relase-feed'], /did you mean release-feed\?/],
    [['--list-jobs', '--nagios'], /--list-jobs and --nagios are two things/],
    [['--force'], /--force is for --job/],
    [['--job', 'bugs', '--from', 'yesterday'], /--from is a day or a time \(UTC\)/],
    [['--job', 'bugs', '--from', '2026-02-30'], /--from is a day or a time/],
    [['--job', 'bugs', '--from', '2026-01-02', '--to', '2026-01-01'], /--from is before --to/],
    [['--job', 'bugs', '--to', '2026-01-01'], /--to needs --from/],
    [['--list-jobs', '--format', 'xml'], /--format is text, csv or json/],
    [['--sentrytest', '--format', 'json'], /--format is for listings/],
  ])('%j is called wrongly', async (args, message) => {
    const { code, stderr } = await bare(...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('says that there is no channel to test', async () => {
    expect(await bare('--sentrytest')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no alert channel is configured/),
    });
  });
});
