/** The database, or what should be in it, is not there yet: a collector takes uploads, says what to do and goes on when it was done. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dropDatabase,
  postgresMissing,
  rowsOf,
  scratchDatabase,
  unusedName,
  urlOf,
} from '../build/postgres.ts';
import {
  eventually,
  type RunningAuxilio,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash } from '../build/sample-crash.ts';

const LIMIT_MS = 120_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio | undefined;
let name: string;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-missing-database-');
  name = unusedName();
});

afterEach(async () => {
  await auxilio?.stop();
  auxilio = undefined;
  await folder.remove();
  if (!postgresMissing) await dropDatabase(name);
});

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message: string };
}

/** Messages of the errors that were logged so far. */
const errors = (running: RunningAuxilio): string[] =>
  running
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ level }) => level >= 50)
    .map(({ err, msg }) => `${msg}: ${err?.message}`);

async function start(services: string, env: Readonly<Record<string, string>>): Promise<RunningAuxilio> {
  auxilio = await startAuxilio({ dataDir: folder.path, services, env: { SPOOL_RETRY_MAX: '1s', ...env } });
  return auxilio;
}

async function createDatabase(): Promise<void> {
  await rowsOf(urlOf('postgres'), `create database "${name}" encoding 'UTF8' template template0`);
}

const outcomes = (): Promise<unknown> =>
  eventually(
    'the outcome in the database',
    async () => {
      const rows = await rowsOf(urlOf(name), 'select outcome from collector_outcome').catch(() => []);
      return rows.length > 0 ? rows : undefined;
    },
    LIMIT_MS,
  );

const remedy = (setting = 'DATABASE_URL'): RegExp =>
  new RegExp(`there is no database ${name}; create it \\(createdb ${name}\\), or correct ${setting}`);

describe.skipIf(postgresMissing)(
  `a missing database${postgresMissing ? ` (skipped: ${postgresMissing})` : ''}`,
  { timeout: 2 * LIMIT_MS },
  () => {
    it.each(['collector', 'up'])(
      '%s starts, takes uploads, says how to make it, and uses it then',
      async (services) => {
        const running = await start(services, { DATABASE_URL: urlOf(name) });
        expect((await postCrash(running.collectorUrl, undefined)).status).toBe(200);
        expect(errors(running)).toContainEqual(expect.stringMatching(remedy()));
        await createDatabase();
        expect(await outcomes()).toEqual([{ outcome: 'accepted' }]);
        if (services === 'up')
          await eventually(
            'the crontabber',
            async () =>
              (await rowsOf(urlOf(name), 'select 1 from crontabber_state').catch(() => [])).length > 0 ||
              undefined,
            LIMIT_MS,
          );
      },
    );

    it('a store and a queue in it wait like the database; what came in is stored when they are there', async () => {
      const url = urlOf(name);
      const running = await start('collector', {
        DATABASE_URL: url,
        STORE_CRASHES_USE: 'postgres',
        STORE_CRASHES_URL: url,
        QUEUE_USE: 'postgres',
        QUEUE_URL: url,
      });
      const { status, id } = await postCrash(running.collectorUrl, undefined);
      expect(status).toBe(200);
      expect(errors(running)).toContainEqual(expect.stringMatching(remedy('STORE_CRASHES_URL')));
      await createDatabase();
      const env = { DATABASE_URL: url, STORE_CRASHES_USE: 'postgres', STORE_CRASHES_URL: url };
      const made = await runAuxilio(['store', 'init', 'crashes'], { dataDir: folder.path, env });
      expect(made).toMatchObject({ code: 0, stderr: '' });
      await eventually(
        'the stored crash',
        async () =>
          (await runAuxilio(['store', 'get', id], { dataDir: folder.path, env })).code === 0 || undefined,
        LIMIT_MS,
      );
    });

    it('a schema that is gone and a user that may do nothing are waited for too', async () => {
      const database = await scratchDatabase();
      name = database.name;
      await rowsOf(database.url, 'drop schema public');
      const running = await start('collector', { DATABASE_URL: database.url });
      expect((await postCrash(running.collectorUrl, undefined)).status).toBe(200);
      expect(errors(running)).toContainEqual(expect.stringMatching(/no schema/));
      await rowsOf(database.url, 'create schema public');
      expect(await outcomes()).toEqual([{ outcome: 'accepted' }]);
    });

    it('alone, a service that needs it ends with one line, and so does a command', async () => {
      const env = { DATABASE_URL: urlOf(name), LOG_LEVEL: 'silent' };
      for (const args of [['crontabber'], ['db', 'migrate']]) {
        const { code, stderr } = await runAuxilio(args, { dataDir: folder.path, env });
        expect(code).toBe(1);
        expect(stderr).toMatch(remedy());
        expect(stderr.trim().split('\n')).toHaveLength(1);
      }
    });
  },
);

describe('a URL that is none', () => {
  it('is a setting to correct: the collector does not start', async () => {
    for (const url of ['postgres://', 'mysql://u@h/d', 'postgres://u@h:5432/d?sslmode=perhaps']) {
      const { code, stderr } = await runAuxilio(['collector'], {
        dataDir: folder.path,
        env: { DATABASE_URL: url, LOG_LEVEL: 'silent' },
      });
      expect(`${code} ${stderr}`).toMatch(/^1 .*DATABASE_(URL|TLS)|^1 .*database URL/);
    }
    expect(await readdir(join(folder.path, 'spool/boxes'))).toHaveLength(0);
  });
});
