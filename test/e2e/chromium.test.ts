/** Real client: Chromium's own Crashpad handler against the collector, down to the processed crash and its page. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { chromiumMissing, crashChromium, startHandler } from '../build/chromium-crash.ts';
import {
  eventually,
  type RunningAuxilio,
  repository,
  runAuxilio,
  startAuxilio,
  temporaryFolder,
} from '../build/running-auxilio.ts';

const missing = chromiumMissing();
const title = 'takes what Crashpad sends: gzip, chunked, multipart';
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let auxilio: RunningAuxilio;

beforeAll(async () => {
  folder = await temporaryFolder('auxilio-chromium-');
  auxilio = await startAuxilio({ dataDir: folder.path });
});

afterAll(async () => {
  await auxilio.stop();
  await folder.remove();
});

/** What Breakpad's own tool says of the dump. */
function facts(dump: string): { readonly threads: number; readonly modules: readonly string[] } {
  const tool = join(
    repository,
    'node_modules/minidump/bin',
    `${process.platform}-${process.arch}`,
    'minidump_dump',
  );
  // It prints everything and exits with 1: Crashpad's dumps have streams that it does not know.
  const { stdout: text } = spawnSync(tool, [dump], { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
  const threads = Number(/MinidumpThreadList\s+thread_count = (\d+)/.exec(text)?.[1]);
  const modules = [...text.matchAll(/\(code_file\)\s+= "([^"]+)"/g)].map(
    (match) => match[1]?.split('/').at(-1) ?? '',
  );
  return { threads, modules };
}

it.skipIf(missing !== undefined)(
  missing ? `${title} (skipped: ${missing})` : title,
  { timeout: 120_000 },
  async () => {
    const database = join(folder.path, 'crashpad');
    await mkdir(database);
    const expected = facts(await crashChromium(database));
    const handler = await startHandler(database, auxilio.collectorUrl);
    try {
      await eventually(
        'Crashpad’s mark that the report was taken',
        async () => {
          const completed = await readdir(join(database, 'completed')).catch(() => []);
          return completed.some((name) => name.endsWith('.dmp')) ? true : undefined;
        },
        60_000,
      );
    } finally {
      handler.kill('SIGKILL');
    }
    const crash = await eventually(
      'the processed crash',
      async () => {
        const day = new Date().toISOString().slice(0, 10);
        const id = (await runAuxilio(['store', 'list', day], { dataDir: folder.path })).stdout.trim();
        const shown = id
          ? await runAuxilio(['show', '--format', 'json', id], { dataDir: folder.path })
          : undefined;
        return shown?.code === 0 ? (JSON.parse(shown.stdout) as ProcessedCrash) : undefined;
      },
      60_000,
    );
    expect(expected.threads).toBeGreaterThan(3);
    expect(crash.json_dump?.threads).toHaveLength(expected.threads);
    expect(crash.json_dump?.modules?.map(({ filename }) => filename.split('/').at(-1)).sort()).toEqual(
      [...expected.modules].sort(),
    );
    expect(crash).toMatchObject({
      complete: true,
      mdsw_status_string: 'OK',
      product: 'Chrome_Linux',
      process_type: 'renderer',
    });
    expect(crash['collector_metadata']).toMatchObject({ compressed: true, outcome: 'accepted' });
    expect(crash['crash_report_keys']).toContain('guid');
  },
);
