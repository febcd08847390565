import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  collect,
  DAY,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { crashFolder } from '../../src/storage/fs/crash-folders.ts';
import { fsError } from '../../src/storage/fs/fs-errors.ts';
import { failing, useFsRoot } from './fs-root.ts';

const root = useFsRoot();

describe('fs: errors', () => {
  it.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['EACCES', 'permission_denied'],
    ['EPERM', 'permission_denied'],
    ['EMFILE', 'unavailable'],
    ['EIO', 'unavailable'],
    ['EROFS', 'unavailable'],
    ['ENOENT', 'unavailable'],
    ['ENOTCONN', 'unavailable'],
    ['EHOSTDOWN', 'unavailable'],
    ['ENODEV', 'unavailable'],
    ['EUCLEAN', 'unavailable'],
    ['EINVAL', 'internal'],
  ])('%s is %s', (code, expected) => {
    expect(fsError('s', Object.assign(new Error(code), { code }))).toMatchObject({
      code: expected,
      store: 's',
    });
  });

  it('knows a used-up quota and a stale NFS handle, which Node has no name for', () => {
    for (const [errno, expected] of [
      [constants.errno.EDQUOT, 'full'],
      [constants.errno.ESTALE, 'unavailable'],
    ] as const) {
      const code = getSystemErrorName(-errno);
      expect(fsError('s', Object.assign(new Error(code), { code, errno: -errno })).code).toBe(expected);
    }
  });

  it.each(['open', 'rename', 'syncFolder', 'makeFolder', 'link'] as const)(
    'a disk that is full at %s: full, nothing readable, nothing left, and well afterwards',
    async (method) => {
      let full = false;
      const store = await root.open(failing(method, 'ENOSPC', () => full));
      const raw = rawCrash();
      const whole = report(raw, textDump('a', 'x'), await root.spoolFile('y'));
      full = true;
      await expect(store.saveReport(whole)).rejects.toMatchObject({ code: 'full', retryable: true });
      full = false;
      await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await readdir(join(root.path, 'tmp'))).toEqual([]);
      await store.saveReport(whole);
      expect(await store.readRaw(raw.id)).toEqual(raw);
    },
  );

  it('a disk that fails in the middle of replacing a report leaves the first as it was', async () => {
    let broken = false;
    let renames = 0;
    const disk = failing('rename', 'EIO', (path) => broken && !path.endsWith('.dump') && ++renames > 1);
    const store = await root.open(disk);
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'old')));
    const before = await readdir(crashFolder(root.path, 2, raw.id));
    broken = true;
    const other = report(rawCrash({ Other: 'x' }, raw.id), textDump('core', 'new'));
    // The first rename is that of the whole folder, which finds the place taken.
    await expect(store.saveReport(other)).rejects.toMatchObject({ code: 'unavailable' });
    broken = false;
    expect(await store.readRaw(raw.id)).toEqual(raw);
    expect(await readdir(crashFolder(root.path, 2, raw.id))).toEqual(before);
  });

  it('a root that is gone is an outage, not an empty store', async () => {
    const store = await root.open();
    const raw = rawCrash();
    await store.saveReport(report(raw));
    await rm(root.path, { recursive: true });
    const calls: (() => Promise<unknown>)[] = [
      () => store.readRaw(raw.id),
      () => store.readProcessed(raw.id),
      () => store.remove(raw.id),
      () => collect(store.list(DAY)),
      () => store.getBlob('k'),
      () => store.saveReport(report(raw)),
      () => store.saveProcessed(raw, processedCrash(raw.id)),
      () => store.putBlob('k', textDump('x', 'y')),
      () => store.hasBlob('k'),
      () => store.removeBlob('k'),
      () => collect(store.listBlobs('')),
      () => store.health(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
    await mkdir(root.path);
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await readdir(root.path)).toEqual([]);
  });

  it('files that are damaged are corrupt', async () => {
    const store = await root.open();
    const raw = rawCrash();
    await store.saveReport(report(raw));
    await store.saveProcessed(raw, processedCrash(raw.id));
    const folder = crashFolder(root.path, 2, raw.id);
    await writeFile(join(folder, 'raw.json'), '{"format":1,');
    await writeFile(join(folder, 'processed.json.gz'), 'no gzip');
    await expect(store.readRaw(raw.id)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(store.readProcessed(raw.id)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
