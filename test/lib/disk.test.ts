import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFolder, NodeDisk } from '../../src/lib/disk.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'auxilio-disk-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('files', () => {
  it('are made once, and appended to', async () => {
    const disk = new NodeDisk();
    const path = join(root, 'file');
    const file = await disk.open(path, 'create');
    await file.write(Buffer.from('one '));
    await file.write([Buffer.from('two '), Buffer.alloc(0), Buffer.from('three')]);
    await file.write([]);
    await file.write(Buffer.alloc(0));
    await file.sync();
    await file.close();
    await expect(disk.open(path, 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    const more = await disk.open(path, 'append');
    await more.write(Buffer.from(' four'));
    await more.close();
    expect(await readFile(path, 'utf8')).toBe('one two three four');
    expect((await stat(path)).mode & 0o007).toBe(0);
  });

  it('take any number of pieces at once', async () => {
    const file = await new NodeDisk().open(join(root, 'file'), 'create');
    const pieces = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`${i},`));
    await file.write(pieces);
    await file.close();
    expect(await readFile(join(root, 'file'))).toEqual(Buffer.concat(pieces));
  });

  it('move, share their bytes under two names, and go', async () => {
    const disk = new NodeDisk();
    await writeFile(join(root, 'a'), 'x');
    await disk.rename(join(root, 'a'), join(root, 'b'));
    await disk.link(join(root, 'b'), join(root, 'c'));
    await disk.unlink(join(root, 'b'));
    expect(await readdir(root)).toEqual(['c']);
    expect(await readFile(join(root, 'c'), 'utf8')).toBe('x');
  });
});

describe('folders', () => {
  it('are made with their parents, and listed', async () => {
    const disk = new NodeDisk();
    const path = join(root, 'a', 'b', 'c');
    expect(await disk.makeFolder(path)).toBe(true);
    expect(await disk.makeFolder(path)).toBe(false);
    await writeFile(join(path, 'x'), '');
    expect(await listFolder(path)).toEqual(['x']);
    expect(await listFolder(join(root, 'nowhere'))).toEqual([]);
    await expect(listFolder(join(path, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await disk.removeFolder(join(root, 'a'));
    expect(await readdir(root)).toEqual([]);
  });

  it('are durable for everybody who asked for one, not only for who was first', async () => {
    const synced: string[] = [];
    const gate = Promise.withResolvers<void>();
    class SlowDisk extends NodeDisk {
      override async syncFolder(path: string): Promise<void> {
        await gate.promise;
        await super.syncFolder(path);
        synced.push(path);
      }
    }
    const disk = new SlowDisk();
    const path = join(root, 'a', 'b');
    const makes = [disk.makeFolder(path), disk.makeFolder(path), disk.makeFolder(join(root, 'a'))];
    const seen = makes.map(async (make, index) => {
      await make;
      return index < 2 ? synced.includes(join(root, 'a')) : synced.includes(root);
    });
    await new Promise(setImmediate);
    gate.resolve();
    expect(await Promise.all(seen)).toEqual([true, true, true]);
    expect((await Promise.all(makes)).filter((isNew) => isNew).length).toBeLessThanOrEqual(2);
  });

  it('are not taken for durable when they are there, but the sync of their name failed', async () => {
    const synced: string[] = [];
    class FailingDisk extends NodeDisk {
      isBroken = true;
      override async syncFolder(path: string): Promise<void> {
        if (this.isBroken) throw Object.assign(new Error('told to'), { code: 'EIO' });
        synced.push(path);
      }
    }
    const disk = new FailingDisk();
    const path = join(root, 'a');
    await expect(disk.makeFolder(path)).rejects.toMatchObject({ code: 'EIO' });
    disk.isBroken = false;
    expect(await disk.makeFolder(path)).toBe(false);
    expect(synced).toEqual([root]);
    await disk.makeFolder(path);
    expect(synced).toEqual([root]);
  });

  it('can be made again after it failed', async () => {
    const disk = new NodeDisk();
    await writeFile(join(root, 'a'), '');
    await expect(disk.makeFolder(join(root, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await disk.unlink(join(root, 'a'));
    expect(await disk.makeFolder(join(root, 'a', 'b'))).toBe(true);
  });
});

describe('syncFolder', () => {
  it('serves all who asked before it began with one sync', async () => {
    const disk = new NodeDisk();
    const asked = Array.from({ length: 100 }, () => disk.syncFolder(root));
    expect(new Set(asked).size).toBe(2);
    await Promise.all(asked);
  });

  it('never serves who asked after it began', async () => {
    const disk = new NodeDisk();
    for (let round = 0; round < 20; round += 1) {
      const running = disk.syncFolder(root);
      const next = disk.syncFolder(root);
      expect(next).not.toBe(running);
      const order: string[] = [];
      await Promise.all([running.then(() => order.push('first')), next.then(() => order.push('second'))]);
      expect(order).toEqual(['first', 'second']);
    }
  });

  it('tells each of them when it failed, and the next one tries again', async () => {
    const disk = new NodeDisk();
    const path = join(root, 'later');
    const failed = await Promise.allSettled([
      disk.syncFolder(path),
      disk.syncFolder(path),
      disk.syncFolder(path),
    ]);
    expect(failed.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    await disk.makeFolder(path);
    await disk.syncFolder(path);
  });
});
