/** `auxilio config --check`: a line for everything that is configured, with the setting and the remedy when it is not well. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { postgresMissing, scratchDatabase, unusedName, urlOf } from '../build/postgres.ts';
import {
  type CommandResult,
  eventually,
  repository,
  runAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';

const LIMIT_MS = 120_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const check = (env: Readonly<Record<string, string>>): Promise<CommandResult> =>
  runAuxilio(['config', '--check'], { dataDir: folder.path, env });

function healthOf({ stdout }: CommandResult): Readonly<Record<string, string>> {
  const lines = stdout.split('\nHealth\n')[1]?.trim().split('\n') ?? [];
  return Object.fromEntries(
    lines.map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
  );
}

/** Whoever opens it waits for somebody at the other end, as with the files of a server that is gone. */
function frozenFile(): string {
  const path = join(folder.path, 'frozen');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('the database', { timeout: LIMIT_MS }, () => {
  it('at a closed port is a fault that names DATABASE_URL', async () => {
    const result = await check({ DATABASE_URL: 'postgres://somebody:secret@127.0.0.1:1/crashes' });
    expect(healthOf(result)).toMatchObject({ crashes: 'ok', index: 'ok', queue: 'ok', jobs: 'ok' });
    expect(healthOf(result)['database']).toMatch(/ECONNREFUSED.*start PostgreSQL, or correct DATABASE_URL/);
    expect(result.code).toBe(1);
  });

  it.skipIf(postgresMissing !== undefined)(
    `with a wrong password, or that is not there, is one too${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
    async () => {
      const wrong = new URL(urlOf('postgres'));
      wrong.password = 'wrong';
      const refused = await check({ DATABASE_URL: wrong.href });
      expect(healthOf(refused)['database']).toMatch(/password of .* is wrong; correct it in DATABASE_URL/);
      const absent = unusedName();
      const missing = await check({ DATABASE_URL: urlOf(absent) });
      expect(healthOf(missing)['database']).toMatch(
        new RegExp(`no database ${absent}; create it .*DATABASE_URL`),
      );
      expect([refused.code, missing.code]).toEqual([1, 1]);
    },
  );

  it.skipIf(postgresMissing !== undefined)(
    `is not migrated, nor is the queue made${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
    async () => {
      const database = await scratchDatabase();
      try {
        const env = { DATABASE_URL: database.url, QUEUE_USE: 'postgres', QUEUE_URL: database.url };
        for (const _ of ['once', 'again']) {
          const result = await check(env);
          expect(healthOf(result)['database']).toMatch(/^ok; \d+ migrations will run at the start$/);
          expect(healthOf(result)['queue']).toMatch(/^ok; will be made at the start: .*task, .*dead$/);
          expect(result.code).toBe(0);
        }
      } finally {
        await database.drop();
      }
    },
  );
});

describe('what cannot be used', { timeout: LIMIT_MS }, () => {
  it('is named by its setting, each on a line of its own', async () => {
    const result = await check({
      STORE_FILES_USE: 'fs',
      STORE_FILES_ROOT: '/proc/x',
      STORE_TABLES_USE: 'sqlite',
      STORE_TABLES_FILE: '/proc/x/tables.db',
      STORE_RING_USE: 'cassandra',
      STORE_RING_CONTACT_POINTS: '127.0.0.1:1',
      QUEUE_ROOT: '/proc/queue',
      DATABASE_URL: 'sqlite:/proc/x/auxilio.db',
      SIGNATURE_LIST_DIR: '/nope',
      COLLECTOR_THROTTLE_RULES: '/nope.json',
      CRONTABBER_JOBS: 'no such job',
      SYMBOL_PATHS: `/nope,${folder.path}`,
    });
    expect(healthOf(result)).toEqual({
      crashes: 'ok',
      index: 'ok',
      files: expect.stringMatching(/^STORE_FILES_ROOT: \/proc\/x cannot be used .*name a folder/),
      tables: expect.stringContaining('see STORE_TABLES_FILE'),
      ring: expect.stringContaining('see STORE_RING_CONTACT_POINTS and STORE_RING_PORT'),
      queue: expect.stringContaining('see QUEUE_ROOT'),
      database: expect.stringContaining('see DATABASE_URL'),
      'signature lists': expect.stringContaining('SIGNATURE_LIST_DIR: /nope'),
      'throttle rules': expect.stringContaining('COLLECTOR_THROTTLE_RULES: /nope.json'),
      jobs: expect.stringContaining('CRONTABBER_JOBS: "no such job"'),
      'symbol folders': 'warning: SYMBOL_PATHS: no folder at /nope; no symbols come from there',
    });
    expect(result.code).toBe(1);
  });

  it('is said in the one line of DATA_DIR when nothing could be kept', async () => {
    const result = await check({ DATA_DIR: '/etc/hostname' });
    expect(healthOf(result)).toEqual({
      DATA_DIR: '/etc/hostname cannot be made (EEXIST); name a folder that can',
    });
    expect(result.code).toBe(1);
  });
});

describe('a store that never opens', { timeout: LIMIT_MS }, () => {
  it('is given up; the others are listed and the command ends', async () => {
    const file = frozenFile();
    const result = await check({
      STORE_STUCK_USE: 'sqlite',
      STORE_STUCK_FILE: file,
      STORE_JOBS_USE: 'sqlite',
      STORE_JOBS_FILE: file,
    });
    expect(healthOf(result)).toMatchObject({
      crashes: 'ok',
      stuck: expect.stringMatching(/^no answer within 15 s; see STORE_STUCK_USE/),
      database: expect.stringMatching(/^ok/),
    });
    // A store, and not what is called so besides.
    expect(result.stdout).toContain('jobs: no answer within 15 s; see STORE_JOBS_USE');
    expect(result.code).toBe(1);
  });

  it('does not keep the command from ending on SIGTERM', async () => {
    const child = spawn(process.execPath, [join(repository, 'src/app/bin/auxilio.ts'), 'config', '--check'], {
      cwd: folder.path,
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: folder.path,
        STORE_STUCK_USE: 'sqlite',
        STORE_STUCK_FILE: frozenFile(),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    // The stores are opened side by side: when another has its folder, this one hangs.
    await eventually('an open store', () =>
      access(join(folder.path, 'stores/crashes/tmp')).then(
        () => true,
        () => undefined,
      ),
    );
    await delay(1_000);
    const at = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toEqual([143, null]);
    expect(performance.now() - at).toBeLessThan(12_000);
  });
});
