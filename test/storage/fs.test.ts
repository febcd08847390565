import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapConcurrent } from '../../src/lib/concurrency.ts';
import { NodeDisk } from '../../src/lib/disk.ts';
import {
  DAY,
  dumpOf,
  idOn,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import { crashFolder } from '../../src/storage/fs/crash-folders.ts';
import { FolderCache } from '../../src/storage/fs/folder-cache.ts';
import type { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { SocorroFsStorage } from '../../src/storage/fs/socorro-storage.ts';
import { failing, useFsRoot } from './fs-root.ts';

const root = useFsRoot();

const storedFile = async (store: FsStorage, id: ReturnType<typeof idOn>): Promise<string> =>
  (await store.readDump(id, 'core')).path ?? '';

describe('fs: dumps that lie on the same disk', () => {
  it('are linked, and stay when the spool unlinks its own', async () => {
    const store = await root.open();
    const dump = await root.spoolFile('linked');
    const raw = rawCrash();
    await store.saveReport(report(raw, dump));
    const kept = await storedFile(store, raw.id);
    expect((await stat(kept)).ino).toBe((await stat(dump.path)).ino);
    await rm(dump.path);
    expect(await readFile(kept, 'utf8')).toBe('linked');
    expect(await store.readDump(raw.id, 'core')).toMatchObject({ immutable: true, sha256: dump.sha256 });
  });

  it('are hashed when they come without a SHA-256', async () => {
    const store = await root.open();
    const { sha256, ...dump } = await root.spoolFile('no sum');
    const raw = rawCrash();
    await store.saveReport(report(raw, dump));
    expect((await store.listDumps(raw.id))[0]?.sha256).toBe(sha256);
  });

  it.each(['EXDEV', 'EMLINK', 'EPERM'])('are copied when linking says %s', async (code) => {
    const store = await root.open(failing('link', code, (path) => path.includes('spooled')));
    const dump = await root.spoolFile('copied');
    const raw = rawCrash();
    await store.saveReport(report(raw, dump));
    const kept = await storedFile(store, raw.id);
    expect((await stat(kept)).ino).not.toBe((await stat(dump.path)).ino);
    expect(await readFile(kept, 'utf8')).toBe('copied');
  });

  it('are copied when they may still be written', async () => {
    const store = await root.open();
    const dump = { ...(await root.spoolFile('mutable')), immutable: false };
    const raw = rawCrash();
    await store.saveReport(report(raw, dump));
    expect((await stat(await storedFile(store, raw.id))).ino).not.toBe((await stat(dump.path)).ino);
  });

  it('are refused when they have another size than they say', async () => {
    const store = await root.open();
    const raw = rawCrash();
    const dump = { ...(await root.spoolFile('four')), size: 5 };
    await expect(store.saveReport(report(raw, dump))).rejects.toMatchObject({ code: 'invalid' });
    expect(await readdir(join(root.path, 'tmp'))).toEqual([]);
  });

  it('that are gone make no crash not_found', async () => {
    const store = await root.open();
    const dump = await root.spoolFile('gone');
    await rm(dump.path);
    const bad = { ...dump, open: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })) };
    await expect(store.saveReport(report(rawCrash(), bad))).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('fs: the marker of the layout', () => {
  it('refuses another depth or layout and says what to set', async () => {
    await (await root.open()).close();
    await expect(root.open(undefined, 3)).rejects.toMatchObject({ code: 'invalid' });
    await expect(root.open(undefined, 3)).rejects.toThrow(
      /was made with layout=native depth=2, not layout=native depth=3/,
    );
    const socorro = SocorroFsStorage.open('files', { root: root.path, tree: 'radix', dated: false });
    await expect(socorro).rejects.toThrow(/was made with layout=native depth=2/);
    await (await root.open()).close();
  });

  it('refuses to grow into a tree of Socorro that has no marker yet', async () => {
    await mkdir(join(root.path, '20170601', 'name'), { recursive: true });
    await expect(root.open()).rejects.toThrow(/holds a crash tree of Socorro; set layout=socorro/);
    const store = await SocorroFsStorage.open('files', { root: root.path, tree: 'legacy', dated: false });
    await store.close();
    const other = SocorroFsStorage.open('files', { root: root.path, tree: 'radix', dated: false });
    await expect(other).rejects.toMatchObject({ code: 'invalid' });
  });

  it('is left once when several open at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => root.open()));
    expect(JSON.parse(await readFile(join(root.path, 'auxilio-layout.json'), 'utf8'))).toEqual({
      layout: 'native',
      depth: 2,
    });
    expect(await readdir(join(root.path, 'tmp'))).toEqual([]);
    await Promise.all(stores.map((s) => s.close()));
  });
});

describe('fs: the tree', () => {
  it('has no large folder with a million crashes of one day', () => {
    const hex = randomBytes(4_000_000).toString('hex');
    const rest = idOn(DAY).slice(8);
    const children = new Map<string, number>();
    const count = (folder: string): number => {
      const n = (children.get(folder) ?? 0) + 1;
      children.set(folder, n);
      return n;
    };
    for (let i = 0; i < hex.length; i += 8) {
      const crash = crashFolder('/r', 2, `${hex.slice(i, i + 8)}${rest}` as ReturnType<typeof idOn>);
      // The first in a folder is the first that its parent sees of the folder.
      for (let at = dirname(crash); count(at) === 1 && at !== '/r'; ) at = dirname(at);
    }
    // One run in sixty leaves one of the 65,536 empty.
    expect(children.size).toBeLessThanOrEqual(65_536 + 256 + 3);
    expect(children.size).toBeGreaterThan(65_500);
    expect(Math.max(...children.values())).toBe(256);
  });

  it('is made as computed', async () => {
    const store = await root.open();
    const ids = Array.from({ length: 300 }, () => idOn(DAY));
    await mapConcurrent(ids, 16, (id) => store.saveReport(report(rawCrash({}, id))));
    for (const id of ids) {
      const folder = join(root.path, '20261121', 'name', id.slice(0, 2), id.slice(2, 4), id);
      expect(await readdir(folder)).toEqual(['raw.json']);
    }
  });

  it('loses the folders that are empty after a removal, while crashes are saved beside it', async () => {
    const store = await root.open();
    const first = idOn(DAY);
    // Ids of the same leaf: each removal prunes what the next save needs.
    const ids = Array.from({ length: 60 }, () => `${first.slice(0, 4)}${idOn(DAY).slice(4)}` as typeof first);
    await mapConcurrent(ids, 12, async (id) => {
      await store.saveReport(report(rawCrash({}, id), textDump('core', 'x')));
      expect((await store.readRaw(id)).id).toBe(id);
      expect(await store.remove(id)).toBe(true);
    });
    expect((await readdir(root.path)).sort()).toEqual(['auxilio-layout.json', 'tmp']);
  });

  it('is opened by several processes: each finds what the other saved', async () => {
    const [one, two] = [await root.open(), await root.open()];
    const raw = rawCrash();
    await Promise.all([
      one.saveReport(report(raw, textDump('core', 'same'))),
      two.saveReport(report(raw, textDump('core', 'same'))),
      two.saveProcessed(raw, processedCrash(raw.id)),
    ]);
    expect(await two.readRaw(raw.id)).toEqual(raw);
    expect((await one.readProcessed(raw.id)).id).toBe(raw.id);
    await one.remove(raw.id);
    await expect(two.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('drops what a killed process left under tmp an hour ago, and nothing younger', async () => {
    await (await root.open()).close();
    for (const name of ['old', 'young']) await mkdir(join(root.path, 'tmp', name));
    const hours = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(root.path, 'tmp', 'old'), hours, hours);
    await (await root.open()).close();
    expect(await readdir(join(root.path, 'tmp'))).toEqual(['young']);
  });

  it('keeps a dump of 100 MB in a process whose heap is smaller', async () => {
    const script = join(import.meta.dirname, 'fs-large-dump.ts');
    const out = execFileSync(process.execPath, ['--max-old-space-size=48', script, root.path], {
      encoding: 'utf8',
    });
    expect(out.trim()).toBe('104857600');
  });
});

describe('FolderCache', () => {
  it('syncs the parent of a folder that somebody else has made, once', async () => {
    const disk = new NodeDisk();
    const synced: string[] = [];
    const syncFolder = disk.syncFolder.bind(disk);
    Object.assign(disk, {
      syncFolder: (path: string) => {
        synced.push(path);
        return syncFolder(path);
      },
    });
    await mkdir(join(root.path, 'a', 'b'), { recursive: true });
    const folders = new FolderCache(disk, root.path);
    await Promise.all([folders.ensure(join(root.path, 'a', 'b')), folders.ensure(join(root.path, 'a', 'b'))]);
    await folders.ensure(join(root.path, 'a', 'c'));
    expect(synced).toEqual([root.path, join(root.path, 'a'), join(root.path, 'a')]);
    await folders.ensure(join(root.path, 'a', 'c'));
    expect(synced.length).toBe(3);
  });
});

describe('fs: blobs', () => {
  it('are files at paths that people can read', async () => {
    const store = await root.open();
    await store.putBlob('xul.pdb/44E4/xul.sym', dumpOf('x', Buffer.from('MODULE')));
    expect(await readFile(join(root.path, 'blobs', 'xul.pdb+', '44E4+', 'xul.sym'), 'utf8')).toBe('MODULE');
    await store.removeBlob('xul.pdb/44E4/xul.sym');
    expect(await readdir(join(root.path, 'blobs'))).toEqual([]);
  });
});
