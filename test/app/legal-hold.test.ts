/** What is under legal hold is not removed by hand either, unless one says so. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOfHeld } from '../../src/app/hold.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { fillStore, idsIn, type Site, site } from './transfer-site.ts';

describe('legal hold', { timeout: 300_000 }, () => {
  let at: Site;
  let hold: string;
  let ids: readonly CrashId[];
  const stored = () => at.using('crashes', (store) => idsIn(store));
  const withList = (...args: readonly string[]) => at.run(...args, '--job-cleanup-storage-hold', hold);

  beforeAll(async () => {
    at = await site();
    hold = join(at.dataDir, 'hold.txt');
    await at.using('crashes', (store) => fillStore(store, 2));
    ids = await stored();
  });
  afterAll(() => at.dispose());

  it('store rm leaves the held one, removes the other, and says how to override', async () => {
    const [held, free] = ids;
    await writeFile(hold, `bp-${held}\n`);
    const refusal = `${held} is under legal hold (JOB_CLEANUP_STORAGE_HOLD): not removed; --even-if-held removes it\n`;
    const dry = await withList('store', 'rm', `${held}`, `${free}`);
    expect(dry).toMatchObject({ code: 1, stdout: `${free} would be removed; add --yes\n`, stderr: refusal });
    const removed = await withList('store', 'rm', '--yes', `${held}`, `${free}`);
    expect(removed).toMatchObject({ code: 1, stdout: `${free} removed\n`, stderr: refusal });
    expect(await stored()).toEqual([held]);
  });

  it('store wipe empties nothing', async () => {
    const wipe = ['store', 'wipe', 'crashes', '--yes', '--even-in-production'] as const;
    expect(await withList(...wipe)).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        '1 crash under legal hold (JOB_CLEANUP_STORAGE_HOLD): nothing was emptied; add --even-if-held\n',
    });
    expect(await stored()).toEqual([ids[0]]);
  });

  it('a list that cannot be read stops removals', async () => {
    await writeFile(hold, 'a typing error\n');
    const refused = await withList('store', 'rm', '--yes', `${ids[0]}`);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('is no crash id; nothing is removed');
    expect(await stored()).toEqual([ids[0]]);
  });

  it('--even-if-held removes it', async () => {
    await writeFile(hold, `${ids[0]}\n`);
    expect(await withList('store', 'rm', '--yes', '--even-if-held', `${ids[0]}`)).toMatchObject({
      code: 0,
      stdout: `${ids[0]} removed\n`,
    });
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['v2/raw_crash/c0f/20261121/c0ffee00-0000-4000-8000-000000261121', true],
    ['/v1/dump/C0FFEE00-0000-4000-8000-000000261121', true],
    ['20261121/name/c0/ff/c0ffee00-0000-4000-8000-000000261121.upload_file_minidump.dump', true],
    ['v1/dump/c0ffee01-0000-4000-8000-000000261121', false],
    ['symbols/libc.so/C0FFEE000000400080000000002611210/libc.so.sym', false],
  ])('%s: %s', (key, expected) =>
    expect(isOfHeld(key, new Set(['c0ffee00-0000-4000-8000-000000261121']))).toBe(expected),
  );
});
