import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobShelf, folderShelf } from '../../src/app/list-shelves.ts';
import { parseLists } from '../../src/signature/list-folder.ts';
import { ListVersions, MOST_VERSIONS, type VersionShelf } from '../../src/signature/list-versions.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';

let folder: string;
let now: Date;
const clock = { now: () => now };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'list-versions-'));
  now = new Date('2026-11-21T10:00:00Z');
});
afterEach(() => rm(folder, { recursive: true }));

const shelves: readonly (readonly [string, () => VersionShelf])[] = [
  ['a folder', () => folderShelf(join(folder, 'siglists'))],
  ['the blobs of a store', () => blobShelf(new MemoryStorage('memory', { maxBytes: 1e9 }))],
];

describe.each(shelves)('versions of the lists in %s', (_what, open) => {
  it('are found by digest, by another process too', async () => {
    const shelf = open();
    const lists = await parseLists({ prefix: '# bug 1\nfoo', irrelevant: 'ü' });
    const versions = new ListVersions(shelf, clock);
    expect(await versions.find(lists.digest)).toBeUndefined();
    await versions.keep(lists);
    await versions.keep(lists);
    expect(await shelf.keys()).toEqual([`20261121T100000Z-${lists.digest}.json.gz`]);
    expect(await new ListVersions(shelf, clock).find(lists.digest)).toMatchObject({
      prefix: '# bug 1\nfoo',
      irrelevant: 'ü',
      sentinels: '',
    });
  });

  it('are bounded: the one first used longest ago goes', async () => {
    const shelf = open();
    const old = `20200101T000000Z-${'0'.repeat(64)}.json.gz`;
    await shelf.put(old, new Uint8Array([1]));
    for (let i = 1; i < MOST_VERSIONS; i++) {
      await shelf.put(`20210101T000000Z-${i.toString(16).padStart(64, '0')}.json.gz`, new Uint8Array([1]));
    }
    const { digest, texts } = await parseLists({ prefix: 'new' });
    await new ListVersions(shelf, clock).keep({ digest, texts });
    const keys = await shelf.keys();
    expect(keys).toHaveLength(MOST_VERSIONS);
    expect(keys).not.toContain(old);
    expect(keys.at(-1)).toContain(digest);
  });

  it('that do not have their digest are none', async () => {
    const shelf = open();
    const { digest } = await parseLists({ prefix: 'a' });
    await shelf.put(
      `20261121T100000Z-${digest}.json.gz`,
      gzipSync(JSON.stringify({ digest, texts: { prefix: 'b' } })),
    );
    expect(await new ListVersions(shelf, clock).find(digest)).toBeUndefined();
  });
});

it('a folder with other things in it is no matter, and no draft stays behind', async () => {
  const { digest, texts } = await parseLists({ prefix: 'a' });
  await writeFile(join(folder, 'README'), 'mine');
  await new ListVersions(folderShelf(folder), clock).keep({ digest, texts });
  expect((await readdir(folder)).sort()).toEqual([`20261121T100000Z-${digest}.json.gz`, 'README']);
});
