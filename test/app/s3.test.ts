/** `auxilio s3` as people call it, on a real server. */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandContext, UsageError } from '../../src/app/command.ts';
import s3 from '../../src/app/commands/s3.ts';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { syncDown } from '../../src/app/s3-sync.ts';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { withConnection } from '../../src/storage/s3-client/connection.ts';
import { S3Objects } from '../../src/storage/s3-client/objects.ts';
import { s3Schema } from '../../src/storage/s3-client/settings.ts';
import { Uploads } from '../../src/storage/s3-client/uploads.ts';
import {
  keysIn,
  missingServer,
  newBucketName,
  removeTestBucket,
  s3Options,
  s3Settings,
} from '../build/s3-buckets.ts';
import { saidServer } from '../build/said-server.ts';

const missing = missingServer('versitygw');

type Environment = Readonly<Record<string, string>>;

/** As commander names options. */
const camelCase = (word: string): string =>
  word.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe.skipIf(missing !== undefined)(missing ? `auxilio s3 (skipped: ${missing})` : 'auxilio s3', () => {
  const bucket = newBucketName();
  let folder = '';
  let config = '';

  /** In this process: to start a program for each call would take minutes. */
  async function auxilio(name: string, ...given: readonly (string | Environment)[]): Promise<Ran> {
    const words = given.filter((word) => typeof word === 'string');
    const environment = Object.assign({}, ...given.filter((word) => typeof word !== 'string'));
    const said = { out: '', err: '' };
    const options: Record<string, unknown> = {};
    for (const [i, word] of words.entries()) {
      if (word === '--store') options['store'] = words[i + 1];
      else if (word.startsWith('--')) options[camelCase(word.slice(2))] = true;
    }
    const context: CommandContext = {
      args: words.filter((word, i) => !word.startsWith('--') && words[i - 1] !== '--store'),
      options,
      configuration: () =>
        loadConfiguration({ commandLine: new Map(), files: [config], environment, cwd: folder }),
      print: (text) => {
        said.out += `${text}\n`;
      },
      help: () => undefined,
      columns: undefined,
      warn: (text) => {
        said.err += `${text}\n`;
      },
      signal: new AbortController().signal,
      leaveBehind: () => undefined,
      stdinLines: () => (async function* () {})(),
    };
    const command = s3.subcommands?.find((one) => one.name === name);
    try {
      return { code: (await command?.run?.(context)) ?? 0, ...said };
    } catch (error) {
      const code = error instanceof UsageError ? 2 : 1;
      return { code, out: said.out, err: `${said.err}${(error as Error).message}\n` };
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auxilio-s3-'));
    config = join(folder, 'test.env');
    const store = Object.entries(s3Options('versitygw', bucket)).map(
      ([key, value]) => `STORE_CRASHES_${key.toUpperCase()}=${value}`,
    );
    const spare = ['STORE_SPARE_USE=fs', `STORE_SPARE_ROOT=${join(folder, 'spare')}`];
    const wiring = ['COLLECTOR_STORAGE', 'PROCESSOR_SOURCE', 'WEB_SOURCE'].map((key) => `${key}=crashes`);
    await writeFile(config, ['STORE_CRASHES_USE=s3', ...store, ...spare, ...wiring].join('\n'));
    await mkdir(join(folder, 'symbols/a.pdb/ID'), { recursive: true });
    // Times in a bucket are whole seconds: a file of this very second is copied once more, to be safe.
    const earlier = new Date(Date.now() - 60_000);
    for (const [name, text] of [
      ['symbols/a.pdb/ID/a.sym', 'MODULE a'],
      ['symbols/b c.txt', 'text'],
    ] as const) {
      await writeFile(join(folder, name), text);
      await utimes(join(folder, name), earlier, earlier);
    }
  });

  afterAll(async () => {
    await removeTestBucket('versitygw', bucket);
    await rm(folder, { recursive: true });
  });

  it('mb makes the bucket of the store; before, everything says how', async () => {
    const before = await auxilio('ls');
    expect(before).toMatchObject({ code: 1, out: '' });
    expect(before.err).toMatch(
      /^crashes: there is no bucket .* run: auxilio store init crashes --create-database/,
    );
    expect(before.err.trim()).not.toContain('\n');
    expect(await auxilio('mb')).toMatchObject({ code: 0, out: `made bucket ${bucket}\n` });
    expect((await auxilio('mb')).out).toBe(`bucket ${bucket} is there already\n`);
  });

  it('sync up copies what is new or changed, and removes when told to', async () => {
    const dry = await auxilio('sync', join(folder, 'symbols'), 's3:///syms', '--dry-run');
    expect(dry.out).toContain('would upload a.pdb/ID/a.sym');
    expect(await keysIn('versitygw', bucket)).toEqual([]);
    expect((await auxilio('sync', join(folder, 'symbols'), 's3:///syms')).out).toContain(
      '2 objects (12 bytes) to copy',
    );
    expect(await keysIn('versitygw', bucket)).toEqual(['syms/a.pdb/ID/a.sym', 'syms/b c.txt']);
    expect((await auxilio('sync', join(folder, 'symbols'), 's3:///syms')).out).toContain(
      '0 to remove, 2 unchanged',
    );
    await writeFile(join(folder, 'symbols/b c.txt'), 'other text');
    await utimes(join(folder, 'symbols/b c.txt'), new Date(), new Date(Date.now() + 60_000));
    await rm(join(folder, 'symbols/a.pdb'), { recursive: true });
    const again = await auxilio('sync', join(folder, 'symbols'), `s3://${bucket}/syms/`, '--delete');
    expect(again.out.split('\n')).toEqual(
      expect.arrayContaining(['upload b c.txt', 'remove a.pdb/ID/a.sym']),
    );
    expect(await keysIn('versitygw', bucket)).toEqual(['syms/b c.txt']);
  });

  it('sync down writes files', async () => {
    await withConnection(s3Settings('versitygw', bucket), { store: 'test' }, ({ client }) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: 'syms/deep/x', Body: Buffer.from('deep') })),
    );
    const down = await auxilio('sync', 's3:///syms', join(folder, 'copy'));
    expect(down.code).toBe(0);
    expect(await readFile(join(folder, 'copy/deep/x'), 'utf8')).toBe('deep');
    expect(await readFile(join(folder, 'copy/b c.txt'), 'utf8')).toBe('other text');
    expect((await auxilio('sync', 's3:///syms', join(folder, 'copy'))).out).toContain(
      '0 objects (0 bytes) to copy, 0 to remove, 2',
    );
  });

  it('rm and sync --delete leave what is under legal hold', async () => {
    const id = 'c0ffee00-0000-4000-8000-000000261121';
    const kept = `v1/raw_crash/20261121/${id}`;
    const hold = join(folder, 'hold.txt');
    const list = { JOB_CLEANUP_STORAGE_HOLD: hold };
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await mkdir(join(folder, 'held'), { recursive: true });
    await writeFile(join(folder, 'held', id), '{}');
    await writeFile(hold, `# a case\n${id.toUpperCase()}\n`);
    await auxilio('sync', join(folder, 'held'), 's3:///v1/raw_crash/20261121');
    const before = await keysIn('versitygw', bucket);
    expect(before).toContain(kept);
    for (const words of [
      ['rm', `s3:///${kept}`, '--yes'],
      ['rm', 's3:///v1/', '--recursive', '--yes'],
    ] as const) {
      const refused = await auxilio(words[0], ...words.slice(1), list);
      expect(refused).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringMatching(/ is under legal hold .*; --even-if-held removes it\n/),
      });
    }
    const synced = await auxilio('sync', empty, 's3:///v1/raw_crash/20261121', '--delete', list);
    expect(synced).toMatchObject({ code: 1, err: `"${id}" is under legal hold; left out\n` });
    await writeFile(hold, 'no crash id');
    expect(await auxilio('rm', `s3:///${kept}`, '--yes', list)).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing is removed'),
    });
    expect(await keysIn('versitygw', bucket)).toEqual(before);
    expect(await auxilio('rm', `s3:///${kept}`, '--yes', '--even-if-held', list)).toMatchObject({ code: 0 });
    expect(await keysIn('versitygw', bucket)).not.toContain(kept);
  });

  it('ls shows a level, or all', async () => {
    expect((await auxilio('ls')).out).toBe('PRE\t\tsyms/\n');
    expect((await auxilio('ls', 's3:///syms/')).out).toMatch(
      /^PRE\t\tsyms\/deep\/\n\d{4}-.*Z\t10\tsyms\/b c.txt\n$/,
    );
    expect((await auxilio('ls', 's3:///syms', '--recursive')).out.trim().split('\n')).toHaveLength(2);
  });

  it('rm says what it would do, and does it with --yes', async () => {
    const would = await auxilio('rm', 's3:///syms/deep/x');
    expect(would).toMatchObject({ code: 0, out: `would remove s3://${bucket}/syms/deep/x\n` });
    expect(await keysIn('versitygw', bucket)).toHaveLength(2);
    expect((await auxilio('rm', 's3:///syms/deep/x', '--yes')).code).toBe(0);
    expect((await auxilio('rm', 's3:///syms/', '--recursive', '--yes')).code).toBe(0);
    expect(await keysIn('versitygw', bucket)).toEqual([]);
    expect(await auxilio('rm', 's3:///syms/deep/x', '--yes')).toMatchObject({ code: 1, out: '' });
  });

  it.each([
    [['ls', 'folder'], /is not written s3:\/\//],
    [['ls', '--store', 'spare'], /spare is no store in a bucket; there are: crashes/],
    [['sync', 'a', 'b'], /one of the two is a folder/],
    [['sync', 's3:///a', 's3:///b'], /one of the two is a folder/],
    [['rm', 's3://'], /give a key, or --recursive/],
    [['mb', 's3://a/b'], /is no bucket/],
  ])('%j is called wrongly', async ([name, ...words], message) => {
    const { code, err } = await auxilio(name ?? '', ...words);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

it('auxilio s3 sync writes no file outside of the folder, whatever a key says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-s3-'));
  const keys = ['a/../../evil', '../evil', '/evil', 'a//evil', './evil', 'good'];
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>4</Size></Contents>`).join('');
  await using server = await saidServer(({ url }, response) => {
    const list = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(url.includes('list-type') ? list : 'text');
  });
  const settings = { bucket: 'abc', endpoint: server.url, access_key: 'k', secret_key: 's' };
  const refused: string[] = [];
  await withConnection(parseSettings(s3Schema, settings), { store: 'test' }, async (connection) => {
    const objects = new S3Objects('test', connection);
    const uploads = new Uploads('test', connection, objects, silentLog);
    await syncDown({ objects, uploads, prefix: '' }, join(folder, 'deep/er'), {
      signal: new AbortController().signal,
      dryRun: false,
      remove: false,
      say: () => undefined,
      refuse: (name) => void refused.push(name),
    });
  });
  expect(refused).toEqual(keys.slice(0, -1));
  expect(await readdir(folder, { recursive: true })).toEqual(['deep', 'deep/er', 'deep/er/good']);
  await rm(folder, { recursive: true });
});
