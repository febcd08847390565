import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolders, makeFoldersSync } from '../../src/lib/make-folders.ts';

const root = mkdtempSync(join(tmpdir(), 'auxilio-folders-'));
afterAll(() => rmSync(root, { recursive: true }));

const fresh = (): string => join(root, randomUUID());

describe.each([
  ['makeFolders', makeFolders],
  ['makeFoldersSync', async (...args: Parameters<typeof makeFoldersSync>) => makeFoldersSync(...args)],
])('%s', (_, make) => {
  it('makes what is missing, with its mode; what is there stays', async () => {
    const path = join(fresh(), 'b', 'c');
    await make(path, { mode: 0o700 });
    await make(path);
    for (const folder of [path, join(path, '..')]) expect(statSync(folder).mode & 0o777).toBe(0o700);
    await make('/');
  });

  it('by many at once', async () => {
    const path = join(fresh(), 'b', 'c', 'd');
    await Promise.all(Array.from({ length: 20 }, (_, i) => make(join(path, String(i % 3)))));
    expect(statSync(join(path, '2')).isDirectory()).toBe(true);
  });

  it('a link to a folder is one; a file, and a link to nothing, are none', async () => {
    const base = fresh();
    await make(join(base, 'target'));
    symlinkSync(join(base, 'target'), join(base, 'link'));
    symlinkSync(join(base, 'nothing'), join(base, 'broken'));
    writeFileSync(join(base, 'file'), '');
    await make(join(base, 'link', 'in'));
    await expect(make(join(base, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(join(base, 'broken'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(join(base, 'file', 'in'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(make('/proc/nowhere/at/all')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
