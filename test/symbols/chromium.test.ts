/** A dump that Crashpad wrote: our reader against rust-minidump's, and the walk of it. */
import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { StackWalk } from '../../src/model/processed-crash.ts';
import { fileDump, makeStackwalker, RUST_WALKER, scratchFolder } from './tools.ts';

const CHROMIUM = '/usr/bin/chromium';
const isThere = (path: string): boolean => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};
const missing = !isThere(CHROMIUM) ? `${CHROMIUM} is not installed` : undefined;

async function crashChromium(): Promise<string> {
  const home = await scratchFolder();
  const dumps = join(home, 'dumps');
  await mkdir(dumps);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    ignoreDefaultArgs: ['--disable-breakpad', '--disable-crash-reporter'],
    args: [
      '--no-sandbox',
      '--enable-crash-reporter-for-testing',
      '--enable-crash-reporter',
      `--crash-dumps-dir=${dumps}`,
    ],
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, BREAKPAD_DUMP_LOCATION: dumps } as Record<
      string,
      string
    >,
  });
  try {
    const page = await browser.newPage();
    const crashed = new Promise((resolve) => page.once('crash', resolve));
    await page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    // The handler writes the dump before the page learns of the crash, and renames it when it is whole.
    for (let i = 0; i < 100; i += 1) {
      const files = await readdir(home, { recursive: true });
      const dump = files.find((file) => /pending\/[^/]*\.dmp$/.test(file));
      if (dump) return join(home, dump);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('Chromium left no dump');
  } finally {
    await browser.close();
  }
}

describe.skipIf(missing !== undefined)(
  `Chromium’s dump (${missing ? `skipped: ${missing}` : CHROMIUM})`,
  () => {
    it('reads as rust-minidump reads it, and walks', async () => {
      const path = await crashChromium();
      const request = { dump: await fileDump(path), annotations: {}, scratch: await scratchFolder() };
      const { walk } = await (await makeStackwalker({ stackwalker: 'reader' })).walk(request);
      expect(walk['minidump_problems']).toBeUndefined();
      expect(walk.modules?.[0]).toMatchObject({ filename: 'chromium', debug_file: 'chromium' });
      expect(walk['crashpad']).toMatchObject({ simple: { plat: 'Linux', prod: 'Chrome_Linux' } });
      expect(walk.threads?.every((t) => t.thread_name)).toBe(true);

      const walked = await (await makeStackwalker({ stackwalker: 'breakpad' })).walk(request);
      expect(walked.walk.status).toBe('OK');
      expect(walked.walk.threads?.map((t) => t.thread_name)).toEqual(walk.threads?.map((t) => t.thread_name));
      expect(
        walked.walk.threads?.[walked.walk.crash_info?.crashing_thread ?? -1]?.frames.length,
      ).toBeGreaterThan(10);

      if (!RUST_WALKER) return;
      const { stdout } = await promisify(execFile)(RUST_WALKER, ['--json', path], {
        maxBuffer: 64 * 1024 ** 2,
      });
      const theirs = JSON.parse(stdout) as StackWalk;
      const ids = (w: StackWalk) =>
        new Map(
          w.modules?.map((m) => [m.base_addr, [m.filename, m.debug_file, m.debug_id, m.code_id, m.version]]),
        );
      expect(ids(walk)).toEqual(ids(theirs));
      expect(walk.threads?.map((t) => [t.thread_id, t.thread_name])).toEqual(
        theirs.threads?.map((t) => [t.thread_id, t.thread_name]),
      );
      expect(walk.system_info).toEqual(theirs.system_info);
      expect(walk.pid).toBe(theirs.pid);
      expect(walk.crash_info).toMatchObject({
        type: theirs.crash_info?.type,
        address: theirs.crash_info?.address,
        crashing_thread: theirs.crash_info?.crashing_thread,
      });
    }, 60_000);
  },
);
