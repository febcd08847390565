/** A crash goes in and comes out: the program as `npm start` runs it, over HTTP and the command line. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import {
  eventually,
  type RunningAuxilio,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash, SAMPLE_SIGNATURE, sampleDump } from '../build/sample-crash.ts';

/** Each command is a process of its own; the machine may be busy. */
const LIMIT_MS = 120_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio;

beforeAll(async () => {
  folder = await temporaryFolder();
  auxilio = await startAuxilio({ dataDir: folder.path });
});

afterAll(async () => {
  await auxilio.stop();
  await folder.remove();
});

const page = async (path: string): Promise<string> => (await fetch(`${auxilio.webUrl}${path}`)).text();
const run = (...args: string[]) =>
  runAuxilio(args, { dataDir: folder.path, env: { COLLECTOR_PORT: new URL(auxilio.collectorUrl).port } });

describe('an empty system', { timeout: LIMIT_MS }, () => {
  it('explains how to send a crash, and sends its sample through the real endpoint', async () => {
    const response = await fetch(`${auxilio.webUrl}/`);
    const html = await response.text();
    expect(html).toContain('curl');
    expect(html).toContain(auxilio.collectorUrl);
    const form = /<form[^>]*action="([^"]*sample[^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(html);
    const token = /name="([^"]+)" value="([^"]+)"/.exec(form?.[2] ?? '');
    const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const sent = await fetch(`${auxilio.webUrl}${form?.[1]}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: auxilio.webUrl, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ [token?.[1] ?? '']: token?.[2] ?? '' }),
    });
    expect(sent.status).toBe(303);
    const report = sent.headers.get('location') ?? '';
    const shown = await eventually(
      'the signature',
      async () => {
        const text = await page(report);
        return text.includes(SAMPLE_SIGNATURE) ? text : undefined;
      },
      5_000,
    );
    expect(shown).toContain('thumbnailer.cc');
    expect(await page('/')).toContain(SAMPLE_SIGNATURE);
  });
});

describe('the command line', { timeout: LIMIT_MS }, () => {
  it('submits, shows, explains, reprocesses, lists and removes', async () => {
    const dump = join(folder.path, 'crash.dmp');
    await writeFile(dump, await sampleDump());
    const submitted = await run('submit', dump, '-a', 'ProductName=Editor', '-a', 'Version=9.9');
    expect(submitted).toMatchObject({ code: 0, stderr: '' });
    const id = /^CrashID=bp-(\S+)/.exec(submitted.stdout)?.[1] ?? '';
    await eventually('the processed crash', async () =>
      (await run('show', id)).code === 0 ? true : undefined,
    );
    const shown = await run('show', `bp-${id}`);
    expect(shown.stdout).toContain(`Signature: ${SAMPLE_SIGNATURE}`);
    expect(shown.stdout).toContain('Product:   Editor 9.9');
    expect(JSON.parse((await run('show', id, '--format', 'json')).stdout)).toMatchObject({
      id,
      complete: true,
      mdsw_status_string: 'OK',
    });
    expect((await run('signature', id)).stdout).toContain('Same?:    True');
    expect((await run('store', 'list', id)).stdout).toContain('upload_file_minidump');
    expect((await run('store', 'list', new Date().toISOString().slice(0, 10))).stdout).toContain(id);
    const indexed = await eventually('the indexed crash', async () => {
      const result = await run('store', 'get', id, 'processed', '--store', 'index');
      return result.code === 0 ? result : undefined;
    });
    expect(JSON.parse(indexed.stdout)).toMatchObject({ id });
    const file = join(folder.path, 'raw.json');
    expect(await run('store', 'get', id, 'raw', '-o', file)).toMatchObject({ code: 0, stdout: '' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ id });
    expect((await run('reprocess', id)).stdout).toContain(`${id} queued (reprocessing)`);
    expect((await run('queue', 'depth', '--format', 'json')).code).toBe(0);
    expect((await run('store', 'rm', id)).stdout).toContain('add --yes');
    await eventually('an empty queue', async () => {
      const lanes = JSON.parse((await run('queue', 'depth', '--format', 'json')).stdout) as readonly {
        tasks: number;
      }[];
      return lanes.every(({ tasks }) => tasks === 0) ? true : undefined;
    });
    expect(await run('store', 'rm', '--yes', id)).toMatchObject({ code: 0, stdout: `${id} removed\n` });
    expect(await run('show', id)).toMatchObject({ code: 1, stderr: `${id}: no store has this crash\n` });
    expect(await page(`/report/index/${id}`)).not.toContain(SAMPLE_SIGNATURE);
  });

  it('defers by rule, and processes a deferred crash only when asked', async () => {
    const rules = join(folder.path, 'rules.json');
    await writeFile(
      rules,
      JSON.stringify([
        { name: 'slow_lane', when: { field: 'ReleaseChannel', is: ['nightly'] }, result: 'defer' },
        { name: 'rest', when: { always: true }, result: 'accept' },
      ]),
    );
    const other = await temporaryFolder();
    const second = await startAuxilio({ dataDir: other.path, env: { COLLECTOR_THROTTLE_RULES: rules } });
    try {
      const { id } = await postCrash(second.collectorUrl, await sampleDump(), {
        ProductName: 'E',
        ReleaseChannel: 'nightly',
      });
      expect(id.at(-7)).toBe('1');
      const at = { dataDir: other.path };
      await eventually('the stored crash', async () =>
        (await runAuxilio(['store', 'get', id], at)).code === 0 ? true : undefined,
      );
      expect((await runAuxilio(['show', id], at)).stderr).toContain('stored and not processed (deferred)');
      expect((await runAuxilio(['reprocess', id], at)).code).toBe(0);
      await eventually('the processed crash', async () =>
        (await runAuxilio(['show', id], at)).code === 0 ? true : undefined,
      );
    } finally {
      expect(await second.stop()).toBe(0);
      await other.remove();
    }
  });

  it.each([
    [['show', 'nonsense'], 2, /"nonsense" is not a crash id/],
    [['shwo'], 2, /unknown command 'shwo'[\s\S]*Did you mean show\?/],
    [['submit'], 2, /give a dump, or at least one annotation/],
    [['submit', '/nope.dmp'], 1, /\/nope\.dmp cannot be read \(ENOENT\)/],
    [['submit', '-a', 'x'], 2, /--annotation is KEY=VALUE, not "x"/],
    [['queue', 'depth', '--format', 'xml'], 2, /--format is text, csv or json/],
    [['show', createCrashId(new Date())], 1, /no store has this crash/],
    [['config', '--web-prot', '1'], 2, /unknown option '--web-prot'/],
    [['config', '--web-port', 'x'], 1, /WEB_PORT/],
    [['store', 'get', createCrashId(new Date()), '--store', 'nope'], 1, /nope/],
  ] as const)('%j fails in one line', async (args, code, message) => {
    const result = await run(...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  it('reports health, and has help with examples', async () => {
    const checked = await run('config', '--check');
    expect(checked.stdout).toMatch(/crashes: ok\nindex: ok\nqueue: ok/);
    expect(checked.code).toBe(0);
    for (const command of [
      'up',
      'collector',
      'processor',
      'web',
      'submit',
      'show',
      'reprocess',
      'queue',
      'store',
      'signature',
      'config',
      'crontabber',
      'link',
    ]) {
      const help = await run(command, '--help');
      expect(help.code).toBe(0);
      expect(help.stdout).toContain('Usage: auxilio');
    }
    expect((await run('collector', '--help')).stdout).toMatch(/--collector-max-dump\s.*\(default: 2GB\)/);
  });
});

describe('Ctrl-C', { timeout: LIMIT_MS }, () => {
  it('stops it cleanly with services of their own processes, which share everything', async () => {
    const shared = await temporaryFolder();
    const at = { dataDir: shared.path };
    const collector = await startAuxilio({ ...at, services: 'collector' });
    const processor = await startAuxilio({ ...at, services: 'processor' });
    const web = await startAuxilio({
      ...at,
      services: 'web',
      env: { COLLECTOR_PORT: new URL(collector.collectorUrl).port },
    });
    try {
      const { id } = await postCrash(collector.collectorUrl, await sampleDump());
      await eventually('the report page', async () => {
        const text = await (await fetch(`${web.webUrl}/report/index/${id}`)).text();
        return text.includes(SAMPLE_SIGNATURE) ? true : undefined;
      });
    } finally {
      expect(await Promise.all([collector.stop(), processor.stop(), web.stop()])).toEqual([0, 0, 0]);
      await shared.remove();
    }
  });
});
