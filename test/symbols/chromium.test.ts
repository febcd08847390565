/** A dump that Crashpad wrote: our reader against rust-minidump's, and the walk of it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { StackWalk } from '../../src/model/processed-crash.ts';
import { CHROMIUM, chromiumMissing, crashChromium } from '../build/chromium-crash.ts';
import { fileDump, makeStackwalker, RUST_WALKER, scratchFolder } from './tools.ts';

const missing = chromiumMissing();

describe.skipIf(missing !== undefined)(
  `Chromium’s dump (${missing ? `skipped: ${missing}` : CHROMIUM})`,
  () => {
    it('reads as rust-minidump reads it, and walks', async () => {
      const path = await crashChromium(await scratchFolder());
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
