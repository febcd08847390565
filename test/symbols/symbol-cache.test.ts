import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type CrashStorage, HEALTHY } from '../../src/storage/contract.ts';
import { StorageError } from '../../src/storage/errors.ts';
import { blobSource } from '../../src/symbols/sources/blobs.ts';
import { symbolKey } from '../../src/symbols/symbol-file.ts';
import { http, ID, makeStore, moduleNamed, serve, symText, tree } from './symbol-store-parts.ts';
import { scratchFolder } from './tools.ts';

describe('names out of dumps', () => {
  const hostile = [
    '..',
    '.',
    '',
    '../../x',
    'a/b',
    'a\\b',
    'a\0b',
    'c:x',
    'line\nbreak',
    'x'.repeat(201),
    '~root',
  ];

  it.each(hostile)('%j is no file name', (name) => {
    expect(symbolKey(name, ID)).toBeUndefined();
  });

  it.each(['', '../../etc', 'zz', '0'.repeat(33), 'A'.repeat(41), `${ID}/..`])('%j is no debug id', (id) => {
    expect(symbolKey('app', id)).toBeUndefined();
  });

  it('never lead out of the cache, nor to a server', async () => {
    const server = await serve((_, response) => response.end(symText('app')));
    const made = await makeStore({ sources: [http(server.url)] });
    const modules = [
      ...hostile.map((name) => moduleNamed(name)),
      moduleNamed('app', '../x'),
      moduleNamed(null),
    ];
    expect((await made.states(...modules)).filter((s) => s !== undefined)).toEqual([]);
    expect(server.asked).toEqual([]);
    expect(await tree(made.folder)).toEqual([]);
  });
});

describe('folders and stores', () => {
  it('a folder is used as it is, before any server', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'app', ID), { recursive: true });
    await writeFile(join(folder, 'app', ID, 'app.sym'), symText('app'));
    const server = await serve((_, response) => response.end(symText('app')));
    const made = await makeStore({ sources: [http(server.url)], folders: [folder] });
    const gathered = await made.gather(moduleNamed('app'));
    gathered.release();
    expect(gathered.folders).toEqual([folder, made.cache.filesFolder]);
    expect(gathered.states.get(0)).toEqual({ state: 'found', url: null });
    expect(server.asked).toEqual([]);
  });

  const storeOf = (getBlob: CrashStorage<'blobs'>['getBlob']): CrashStorage<'blobs'> => ({
    name: 'bucket',
    use: 'memory',
    capabilities: new Set(['blobs'] as const),
    children: [],
    health: async () => HEALTHY,
    close: async () => undefined,
    putBlob: async () => undefined,
    getBlob,
    hasBlob: async () => false,
    removeBlob: async () => false,
    async *listBlobs() {},
  });

  it('a store’s blobs are fetched, known to be missing, or unavailable', async () => {
    const asked: string[] = [];
    const store = storeOf(async (key) => {
      asked.push(key);
      if (key.startsWith('gone')) throw new StorageError('not_found', 'bucket', 'no');
      if (key.startsWith('down')) throw new StorageError('unavailable', 'bucket', 'down');
      const text = symText('app');
      return { name: key, size: text.length, open: async () => Readable.from([Buffer.from(text)]) };
    });
    const made = await makeStore({ sources: [blobSource(store)] });
    expect(await made.states(moduleNamed('app'))).toEqual(['found']);
    expect(await made.states(moduleNamed('gone'))).toEqual(['missing']);
    expect(await made.states(moduleNamed('gone'))).toEqual(['missing']);
    expect(await made.states(moduleNamed('down'))).toEqual(['unavailable']);
    expect(asked).toEqual([`app/${ID}/app.sym`, `gone/${ID}/gone.sym`, `down/${ID}/down.sym`]);
  });
});

describe('the cache', () => {
  const fill = async (folder: string, names: readonly string[], bytes: number): Promise<void> => {
    for (const [i, name] of names.entries()) {
      const path = join(folder, 'files', name, ID, `${name}.sym`);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, Buffer.alloc(bytes, 10));
      const used = new Date(Date.parse('2026-11-01T00:00:00Z') + i * 1000);
      await utimes(path, used, used);
    }
  };
  const names = async (folder: string) => (await readdir(join(folder, 'files'))).sort();

  it('removes what was unused longest when it is opened, down to nine tenths', async () => {
    const folder = await scratchFolder();
    await fill(folder, ['a', 'b', 'c', 'd', 'e'], 1000);
    await makeStore({ sources: [], folder, maxBytes: 4000 });
    expect(await names(folder)).toEqual(['c', 'd', 'e']);
  });

  it('a file that was used stays, one that a walk uses is never removed', async () => {
    const folder = await scratchFolder();
    await fill(folder, ['a', 'b', 'c', 'd'], 1000);
    const server = await serve((request, response) => {
      const name = (request.url ?? '').split('/')[1] ?? '';
      response.end(symText(name) + '#'.repeat(2000));
    });
    const made = await makeStore({ sources: [http(server.url)], folder, maxBytes: 5000 });
    const inUse = await made.gather(moduleNamed('a'));
    const long = new Date('2026-01-01T00:00:00Z');
    await utimes(join(folder, 'files', 'a', ID, 'a.sym'), long, long);
    made.clock.ms = Date.parse('2026-10-01T00:00:00Z');
    expect(await made.states(moduleNamed('b'))).toEqual(['found']);
    made.clock.ms = Date.parse('2026-11-21T00:00:00Z');
    expect(await made.states(moduleNamed('new'))).toEqual(['found']);
    expect(await names(folder)).toEqual(['a', 'd', 'new']);
    inUse.release();
  });

  it('forgets an unreadable list of missing files and goes on', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'missing.json'), '{ not json');
    const made = await makeStore({ sources: [], folder });
    expect(await made.states(moduleNamed('app'))).toEqual(['missing']);
  });

  it('two processes that share it do not disturb each other', async () => {
    const server = await serve((_, response) => response.end(symText('app')));
    const one = await makeStore({ sources: [http(server.url)] });
    const two = await makeStore({ sources: [http(server.url)], folder: one.folder });
    const found = await Promise.all([one.states(moduleNamed('app')), two.states(moduleNamed('app'))]);
    expect(found).toEqual([['found'], ['found']]);
    expect(await names(one.folder)).toEqual(['app']);
  });
});
