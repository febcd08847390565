/** Dumps that a command writes to a file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeDump } from '../../src/app/write-dump.ts';
import { temporaryFolder } from '../build/running-auxilio.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder('auxilio-write-dump-');
});
afterEach(() => folder.remove());

const dumpOf = (open: () => Promise<Readable>) => ({ name: 'd', size: 3, open });

it('writes all of it, and comes to an end', async () => {
  const file = join(folder.path, 'out.dmp');
  await writeDump(
    dumpOf(async () => Readable.from([Buffer.from('ab'), Buffer.from('c')])),
    file,
    {},
  );
  expect(await readFile(file, 'utf8')).toBe('abc');
});

it('says which file cannot be written', async () => {
  const dump = dumpOf(async () => Readable.from([]));
  await expect(writeDump(dump, join(folder.path, 'no/out.dmp'), {})).rejects.toThrow(
    /no\/out\.dmp cannot be written \(ENOENT\)$/,
  );
});

it('fails when the dump does', async () => {
  const broken = async (): Promise<Readable> => {
    throw new Error('the store is away');
  };
  await expect(writeDump(dumpOf(broken), join(folder.path, 'out.dmp'), {})).rejects.toThrow(
    'the store is away',
  );
});
