/** Everything that the collector feeds is taken away while it runs, and the disk fills up: what clients hear, and what is left. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  type RunningAuxilio,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';
import { postCrash, sampleDump } from '../build/sample-crash.ts';

const LIMIT_MS = 120_000;
const MiB = 1024 ** 2;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio | undefined;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-outage-');
});

afterEach(async () => {
  await auxilio?.stop();
  auxilio = undefined;
  await folder.remove();
});

const heartbeat = async (
  running: RunningAuxilio,
): Promise<{ readonly status: number; readonly body: string }> => {
  const response = await fetch(running.collectorUrl.replace('/submit', '/__heartbeat__'));
  return { status: response.status, body: await response.text() };
};

const processed = (id: string, dataDir: string): Promise<boolean> =>
  eventually(
    `${id} processed`,
    async () => ((await runAuxilio(['show', id], { dataDir })).code === 0 ? true : undefined),
    LIMIT_MS,
  );

/** Puts a file where a folder was, so that everything in it fails, for root too. */
async function takeAway(path: string): Promise<() => Promise<void>> {
  await rename(path, `${path}.away`);
  await writeFile(path, 'not a folder');
  return async () => {
    await rm(path);
    await rename(`${path}.away`, path);
  };
}

describe('everything down', { timeout: 2 * LIMIT_MS }, () => {
  it('answers 200, keeps uploads in the spool, and moves them on when stores, queue and database are back', async () => {
    auxilio = await startAuxilio({
      dataDir: folder.path,
      env: { SPOOL_RETRY_MAX: '1s', LOG_LEVEL: 'error' },
    });
    const dump = await sampleDump();
    const { id: before } = await postCrash(auxilio.collectorUrl, dump);
    await processed(before, folder.path);
    const restore = [];
    for (const path of ['stores/crashes', 'queue', 'index.db', 'auxilio.db'])
      restore.push(await takeAway(join(folder.path, path)));
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const { status, id } = await postCrash(auxilio.collectorUrl, i % 2 ? dump : undefined);
      expect(status).toBe(200);
      ids.push(id);
    }
    const sick = await heartbeat(auxilio);
    expect(sick.status).toBe(200);
    expect(sick.body).toMatch(/crashes/);
    for (const back of restore) await back();
    for (const id of ids) await processed(id, folder.path);
  });

  it('starts and accepts while the store is away', async () => {
    await mkdir(join(folder.path, 'stores'), { recursive: true });
    await writeFile(join(folder.path, 'stores/crashes'), 'not a folder');
    auxilio = await startAuxilio({
      dataDir: folder.path,
      services: 'collector',
      env: { SPOOL_RETRY_MAX: '1s', LOG_LEVEL: 'fatal' },
    });
    const { status, id } = await postCrash(auxilio.collectorUrl, await sampleDump());
    expect(status).toBe(200);
    await rm(join(folder.path, 'stores/crashes'));
    await eventually(
      'the stored crash',
      async () =>
        (await runAuxilio(['store', 'get', id], { dataDir: folder.path })).code === 0 ? true : undefined,
      LIMIT_MS,
    );
  });
});

const canMount = (): boolean => {
  try {
    const probe = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    return false;
  }
};
const mounts = canMount();

describe('a full disk', { timeout: 2 * LIMIT_MS }, () => {
  const title = 'keeps annotations below the reserve, then answers 503 without an id, and recovers by itself';
  it.skipIf(!mounts)(mounts ? title : `${title} (needs root to mount a tmpfs)`, async () => {
    const spool = join(folder.path, 'small');
    await mkdir(spool);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', spool]);
    try {
      const env = {
        SPOOL_ROOT: join(spool, 'spool'),
        SPOOL_RESERVE: '8MB',
        SPOOL_FLOOR: '2MB',
        LOG_LEVEL: 'fatal',
      };
      auxilio = await startAuxilio({ dataDir: folder.path, env });
      const big = Buffer.concat([await sampleDump(), Buffer.alloc(MiB, 1)]);
      const ballast = join(spool, 'ballast');
      await writeFile(ballast, Buffer.alloc(17 * MiB));
      const truncated = await eventually('a truncated upload', async () => {
        const answer = await postCrash((auxilio as RunningAuxilio).collectorUrl, big);
        expect(answer.status).toBe(200);
        const stored = await eventually(
          'the stored crash',
          async () => {
            const result = await runAuxilio(['store', 'get', answer.id], { dataDir: folder.path });
            return result.code === 0
              ? (JSON.parse(result.stdout) as { metadata: { outcome: string } })
              : undefined;
          },
          LIMIT_MS,
        );
        return stored.metadata.outcome === 'truncated' ? answer.id : undefined;
      });
      expect((await runAuxilio(['store', 'list', truncated], { dataDir: folder.path })).stdout).toBe('');
      await writeFile(join(spool, 'more'), Buffer.alloc(6 * MiB)).catch(() => undefined);
      const refused = await eventually('a refusal', async () => {
        const response = await fetch((auxilio as RunningAuxilio).collectorUrl, {
          method: 'POST',
          body: form(),
        });
        const text = await response.text();
        return response.status === 503
          ? { retryAfter: response.headers.get('retry-after'), text }
          : undefined;
      });
      expect(Number(refused.retryAfter)).toBeGreaterThan(0);
      expect(refused.text).not.toContain('CrashID');
      expect((await heartbeat(auxilio)).status).toBe(503);
      for (const name of ['ballast', 'more']) await rm(join(spool, name), { force: true });
      const whole = await eventually('an upload kept whole', async () => {
        const answer = await postCrash((auxilio as RunningAuxilio).collectorUrl, big);
        return answer.status === 200 ? answer.id : undefined;
      });
      await processed(whole, folder.path);
      expect((await heartbeat(auxilio)).status).toBe(200);
      await auxilio.stop();
      auxilio = undefined;
      expect((await readdir(join(spool, 'spool/failed'))).length).toBe(0);
    } finally {
      await auxilio?.stop();
      auxilio = undefined;
      execFileSync('umount', [spool]);
    }
  });
});

function form(): FormData {
  const body = new FormData();
  body.set('ProductName', 'Editor');
  return body;
}
