import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PowerCutDisk, seededRandom } from '../build/power-cut-disk.ts';

let root: string;
let disk: PowerCutDisk;
let cuts = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'power-cut-'));
  disk = await PowerCutDisk.open(join(root, 'disk'));
});
afterEach(() => rm(root, { recursive: true }));

const at = (...names: string[]): string => join(root, 'disk', ...names);

/** Every file left by a cut, with its text. */
async function left(point = disk.events, random?: () => number): Promise<Record<string, string>> {
  cuts += 1;
  const target = join(root, `cut-${cuts}`);
  await disk.materialise(point, target, { random });
  const files: Record<string, string> = {};
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(target.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

async function put(path: string, text: string, syncs: 'file' | 'both' | 'folder' | 'none'): Promise<void> {
  const file = await disk.open(path, 'create');
  await file.write(Buffer.from(text));
  if (syncs === 'file' || syncs === 'both') await file.sync();
  await file.close();
  if (syncs === 'folder' || syncs === 'both') await disk.syncFolder(join(path, '..'));
}

describe('the power-cut disk', () => {
  it('drops unsynced bytes and unsynced names, each by itself', async () => {
    await put(at('a'), 'whole', 'both');
    await put(at('b'), 'no bytes', 'folder');
    await put(at('c'), 'no name', 'file');
    expect(await left()).toEqual({ a: 'whole', b: '' });
    expect(await left(0)).toEqual({});
  });

  it('keeps of an appended file what the last sync covered', async () => {
    const file = await disk.open(at('log'), 'create');
    await file.write([Buffer.from('one '), Buffer.from('two ')]);
    await disk.syncFolder(at());
    await file.sync();
    await file.write(Buffer.from('three'));
    await file.close();
    expect(await left()).toEqual({ log: 'one two ' });
    expect(await readFile(at('log'), 'utf8')).toBe('one two three');
  });

  it('does not let a sync cover what ended after it began', async () => {
    const file = await disk.open(at('log'), 'create');
    await disk.syncFolder(at());
    const write = file.write(Buffer.from('late'));
    const sync = file.sync();
    await Promise.all([write, sync]);
    await file.close();
    expect(await left()).toEqual({ log: '' });
  });

  it('undoes renames, links and removals until their folder was synced', async () => {
    await put(at('a'), 'A', 'both');
    await put(at('b'), 'B', 'both');
    await disk.rename(at('a'), at('b'));
    expect(await left()).toEqual({ a: 'A', b: 'B' });
    await disk.syncFolder(at());
    expect(await left()).toEqual({ b: 'A' });
    await disk.link(at('b'), at('c'));
    await disk.unlink(at('b'));
    expect(await left()).toEqual({ b: 'A' });
    await disk.syncFolder(at());
    expect(await left()).toEqual({ c: 'A' });
  });

  it('never loses both names of a rename between folders', async () => {
    await disk.makeFolder(at('from'));
    await disk.makeFolder(at('to'));
    await put(at('from', 'a'), 'A', 'both');
    await disk.rename(at('from', 'a'), at('to', 'a'));
    await disk.syncFolder(at('from'));
    expect(await left()).toEqual({ 'from/a': 'A' });
    await disk.syncFolder(at('to'));
    expect(await left()).toEqual({ 'to/a': 'A' });
  });

  it('moves and removes whole folders', async () => {
    await disk.makeFolder(at('tmp', 'x'));
    await put(at('tmp', 'x', 'raw'), 'R', 'both');
    await disk.rename(at('tmp', 'x'), at('x'));
    expect(await left()).toEqual({ 'tmp/x/raw': 'R' });
    await disk.syncFolder(at());
    await disk.syncFolder(at('tmp'));
    expect(await left()).toEqual({ 'x/raw': 'R' });
    await disk.removeFolder(at('x'));
    expect(await left()).toEqual({ 'x/raw': 'R' });
    await disk.syncFolder(at());
    expect(await left()).toEqual({});
  });

  it('makes folders durable, but for one that is not to be synced', async () => {
    await disk.makeFolder(at('x', 'y'));
    await put(at('x', 'y', 'a'), 'A', 'both');
    await disk.makeFolder(at('z'), { sync: false });
    await put(at('z', 'b'), 'B', 'both');
    expect(await left()).toEqual({ 'x/y/a': 'A' });
    await disk.syncFolder(at());
    expect(await left()).toEqual({ 'x/y/a': 'A', 'z/b': 'B' });
  });

  it('with random may keep any of what was not synced, and tears it', async () => {
    await put(at('b'), 'y', 'both');
    await put(at('a'), 'x'.repeat(2000), 'none');
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const { a, b } = await left(disk.events, seededRandom(seed));
      expect(b).toBe('y');
      seen.add(
        a === undefined ? 'gone' : a === 'x'.repeat(2000) ? 'whole' : a.includes('\0') ? 'holed' : 'torn',
      );
    }
    expect([...seen].sort()).toEqual(['gone', 'holed', 'torn', 'whole']);
  });

  it('takes what a cut left as durable, and knows what was promised when', async () => {
    await put(at('a'), 'A', 'both');
    disk.mark('a');
    const point = disk.events;
    await put(at('b'), 'B', 'both');
    disk.mark('b');
    expect(disk.marksAt(point)).toEqual(['a']);
    await disk.materialise(point, join(root, 'again'));
    const again = await PowerCutDisk.open(join(root, 'again'));
    await again.materialise(0, join(root, 'third'));
    expect(await readdir(join(root, 'third'))).toEqual(['a']);
  });
});
