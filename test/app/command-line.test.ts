/** The program's own behaviour as a process: one line for every mistake, errors that nobody caught. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import {
  eventually,
  type RunningAuxilio,
  repository,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash, sampleDump } from '../build/sample-crash.ts';

const LIMIT_MS = 120_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio | undefined;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-cli-');
});

afterEach(async () => {
  await auxilio?.stop();
  auxilio = undefined;
  await folder.remove();
});

const run = (...args: readonly string[]) => runAuxilio(args, { dataDir: folder.path });
const module = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder.path, name), text);
  return `./${name}`;
};

describe('mistakes', { timeout: LIMIT_MS }, () => {
  it.each([
    [['config', '--web-port'], 1, '--web-port needs a value\n'],
    [
      ['reprocess', '--ruleset', 'signature', '0bba929f-8721-460c-8e70-a43c90261121'],
      2,
      'no rule set is named signature; there are default, regenerate_signature\n',
    ],
    [['bogus'], 2, "error: unknown command 'bogus'; see auxilio --help\n"],
    [['show'], 2, "error: missing required argument 'id'; see auxilio show --help\n"],
    [
      ['queue', 'deppth'],
      2,
      "error: unknown command 'deppth' (Did you mean depth?); see auxilio queue --help\n",
    ],
    [['show', 'a', 'b'], 2, /^error: too many arguments for 'show'\. .* a, b; see auxilio show --help\n$/],
    [['outcomes', '--days', '1e9'], 2, '--days is a number up to 36500, not "1e9"\n'],
    [['submit', '--attach', 'log='], 2, '--attach is NAME=FILE, not "log="\n'],
    [['submit', '.'], 1, '. is not a file\n'],
    [['submit', '--url', 'ftp://x'], 2, '--url "ftp://x" is not an http or https URL\n'],
    ...['today', '2026-13-01', '2026-02-30', 'nonsense'].map(
      (word) =>
        [
          ['store', 'list', word],
          2,
          `give a day (UTC) like 2026-11-21 or a crash id like 0bba929f-8721-460c-8e70-a43c90261121, not "${word}"\n`,
        ] as const,
    ),
    [['spool', 'retry'], 2, 'give crash ids as arguments, or one a line on stdin\n'],
    [['config', '--queue-us', 'fs'], 1, 'QUEUE_US is not a setting; did you mean QUEUE_USE?\n'],
    [['up', '--data-dir', '/dev/null/x'], 1, /^DATA_DIR: \/dev\/null\/x cannot be made \(ENOTDIR\).*\n$/],
    [
      ['processor', '--signature-list-dir', '/nope'],
      1,
      /SIGNATURE_LIST_DIR: \/nope cannot be read \(ENOENT\)\n$/,
    ],
    [['processor', '--stackwalker', 'rust-minidum'], 1, /^STACKWALKER: .*did you mean rust-minidump\?\n$/],
    [['processor', '--symbol-urls', 'x'], 1, /^SYMBOL_URLS: x is not a URL/],
    [['processor', '--sentry-dsn', 'hush'], 1, /^SENTRY_DSN must be like/],
    [['up', '--database-url', 'mysql://x'], 1, /^mysql:\/\/x is no database URL: .*\n$/],
  ] as const)('%j is one line', async (args, code, message) => {
    const result = await run(...(args[0] === 'submit' ? [...args, '-a', 'a=b'] : args));
    expect(result).toMatchObject({ code });
    if (typeof message === 'string') expect(result.stderr).toBe(message);
    else expect(result.stderr.replace(/^\{.*\}\n/gm, '')).toMatch(message);
  });

  it('no help shows a default that says nothing', async () => {
    expect((await run('submit', '--help')).stdout).not.toContain('(default: [])');
    const twice = await run('submit', '-a', 'a=b', '-a', 'nonsense');
    expect(twice).toMatchObject({ code: 2, stderr: '--annotation is KEY=VALUE, not "nonsense"\n' });
  });

  it.each([
    ['/nosuch', 404, 'not found', ': not found; is the path /submit?'],
    ['/', 405, '', '; is the path /submit?'],
    ['/submit', 502, '<html>\n<h1>Bad\u001b[2J gateway</h1>', ': <html> <h1>Bad[U+001B][2J gateway</h1>'],
  ])('submit to %s that answers %i says so', async (path, status, body, said) => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    expect(await run('submit', '-a', 'a=b', '--url', url)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${url} answered ${status}${said}\n`,
    });
    server.close();
  });

  it('shows where a wiring expression is wrong', async () => {
    const result = await run('config', '--collector-storage', 'fallback(crashes; index)');
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr.split('\n').slice(-4)).toEqual([
      'COLLECTOR_STORAGE: a comma or ) is missing before this',
      '  fallback(crashes; index)',
      '                  ^',
      '',
    ]);
  });

  it('names the nearest setting for an option that nobody knows', async () => {
    expect((await run('up', '--web-prot', '1')).stderr).toBe(
      "error: unknown option '--web-prot' (Did you mean --web-port?); see auxilio up --help\n",
    );
  });
});

describe('errors that nobody caught', { timeout: LIMIT_MS }, () => {
  it('are reported, and end the services in order with exit code 1', async () => {
    const late = await module(
      'late.ts',
      `export default { name: 'late', when: ({ raw }) => raw.annotations.Bomb === 'yes',
         run: () => { setTimeout(() => { throw new RangeError('late'); }, 1); } };`,
    );
    const running = await startAuxilio({ dataDir: folder.path, env: { PROCESSOR_RULES: late } });
    const exited = once(running.process, 'exit');
    const { id } = await postCrash(running.collectorUrl, undefined, { ProductName: 'E', Bomb: 'yes' });
    expect((await exited)[0]).toBe(1);
    const lines = running.stderr().trimEnd().split('\n');
    expect(lines.at(-1)).toBe('late');
    const logged = JSON.parse(lines.find((line) => line.includes('unhandled error')) ?? '{}') as object;
    expect(logged).toMatchObject({
      service: 'collector+processor+crontabber+web',
      err: { type: 'RangeError', message: 'late' },
    });
    expect((await run('store', 'get', id)).code).toBe(0);
  });
});

describe('crash data', { timeout: LIMIT_MS }, () => {
  it('is in no log, not even when rules choke on it', async () => {
    const chokes = await module(
      'chokes.ts',
      `export default { name: 'chokes', run({ raw }) { JSON.parse(raw.annotations.Notes); } };`,
    );
    const quotes = await module(
      'quotes.ts',
      `export default { name: 'quotes', onError: 'fail', when: ({ raw }) => raw.annotations.Hard === 'yes',
         run({ raw }) { throw new Error('what is ' + raw.annotations.Notes); } };`,
    );
    auxilio = await startAuxilio({
      dataDir: folder.path,
      env: { PROCESSOR_RULES: `${chokes},${quotes}`, LOG_LEVEL: 'trace' },
    });
    const annotations = { ProductName: 'CANARY', Notes: '{"CANARY" x', Email: 'CANARY@example.com' };
    await postCrash(auxilio.collectorUrl, await sampleDump(), { ...annotations, Hard: 'yes' });
    const { id } = await postCrash(auxilio.collectorUrl, await sampleDump(), annotations);
    const shown = await eventually('the processed crash', async () => {
      const result = await run('show', id, '--format', 'json');
      return result.code === 0
        ? (JSON.parse(result.stdout) as { readonly [field: string]: unknown })
        : undefined;
    });
    expect(shown).toMatchObject({
      complete: false,
      failed_rules: [{ rule: 'chokes', reason: 'SyntaxError' }],
    });
    expect(String(shown['processor_notes'])).not.toContain('CANARY');
    const running = auxilio;
    await eventually('both failures', async () =>
      /"rule":"quotes"/.test(running.stderr()) && /"rule":"chokes"/.test(running.stderr()) ? true : undefined,
    );
    expect(running.stderr()).not.toContain('CANARY');
    expect(running.stderr()).toContain('chokes.ts:1');
  });
});

describe('the spool and the outcomes', { timeout: LIMIT_MS }, () => {
  const PICKY = `
    import { existsSync } from 'node:fs';
    import { defineBackend, HEALTHY, need, StorageError } from '${repository}/src/storage/index.ts';
    export default defineBackend({ use: 'picky', schema: {}, capabilities: () => ['report.write'],
      async open(_options, { name, dataDir, store }) {
        const behind = need(await store('crashes'), name, 'report.write');
        return { name, use: 'picky', capabilities: new Set(['report.write']), children: [],
          health: async () => HEALTHY, close: async () => undefined,
          async saveReport(report, options) {
            if (existsSync(dataDir + '/refuse')) throw new StorageError('invalid', name, 'I do not like it');
            await behind.saveReport(report, options);
          } };
      } });`;

  it('list what no store takes, and let it go again', async () => {
    const picky = await module('picky.ts', PICKY);
    await writeFile(join(folder.path, 'refuse'), '');
    const env = { COLLECTOR_STORAGE: 'mine', STORE_MINE_USE: picky, COLLECTOR_OUTCOMES_FLUSH: '50ms' };
    const at = { dataDir: folder.path, env };
    auxilio = await startAuxilio({ ...at, env: { ...env, LOG_LEVEL: 'fatal' }, services: 'collector' });
    const { id } = await postCrash(auxilio.collectorUrl, await sampleDump());
    const failed = await eventually('a refused report', async () => {
      const { stdout } = await runAuxilio(['spool', 'failed', '--format', 'json'], at);
      const rows = JSON.parse(stdout) as readonly Record<string, unknown>[];
      return rows.length > 0 ? rows : undefined;
    });
    expect(failed).toMatchObject([{ crash_id: id, reason: expect.stringMatching(/invalid/) }]);
    const other = createCrashId(new Date());
    expect(await runAuxilio(['spool', 'retry', other], at)).toMatchObject({
      code: 1,
      stdout: '0 reports put back\n',
      stderr: `${other} is not among the refused reports; see auxilio spool failed\n`,
    });
    await rm(join(folder.path, 'refuse'));
    expect(await runAuxilio(['spool', 'retry', '--all'], at)).toMatchObject({
      code: 0,
      stdout: '1 report put back\n',
    });
    await eventually('the stored crash', async () =>
      (await runAuxilio(['store', 'list', id], at)).stdout.includes('upload_file_minidump')
        ? true
        : undefined,
    );
    expect((await runAuxilio(['spool', 'failed'], at)).stdout).toBe('none\n');
  });

  it('count what became of uploads, and list them', async () => {
    auxilio = await startAuxilio({
      dataDir: folder.path,
      services: 'collector',
      env: { COLLECTOR_OUTCOMES_FLUSH: '50ms' },
    });
    const { id } = await postCrash(auxilio.collectorUrl, undefined);
    await fetch(auxilio.collectorUrl, { method: 'POST', body: 'x' });
    const counts = await eventually('both outcomes', async () => {
      const rows = JSON.parse((await run('outcomes', '--format', 'json')).stdout) as readonly object[];
      return rows.length === 2 ? rows : undefined;
    });
    expect(counts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ outcome: 'accepted', count: 1 }),
        expect.objectContaining({ outcome: 'rejected', count: 1 }),
      ]),
    );
    const recent = await run('outcomes', '--outcome', 'accepted', '--recent', '5', '--format', 'csv');
    expect(recent.stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(recent.stdout).toContain(id);
    expect((await run('outcomes', '--outcome', 'deferred')).stdout).toBe('none\n');
  });
});
