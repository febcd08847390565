import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFile, readAll, sha256Of } from '../../src/lib/streams.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'auxilio-streams-'));
});
afterEach(() => rm(folder, { recursive: true }));

const chunks = (...texts: string[]): Readable => Readable.from(texts.map((text) => Buffer.from(text)));

describe('streams', () => {
  it('sha256Of hashes all chunks', async () => {
    expect(await sha256Of(chunks('ab', 'c'))).toBe(createHash('sha256').update('abc').digest('hex'));
  });

  it('readAll gives all bytes up to its limit, and stops reading past it', async () => {
    expect((await readAll(chunks('ab', 'c'), 3)).toString()).toBe('abc');
    expect((await readAll(chunks(), 0)).length).toBe(0);
    let given = 0;
    const endless = Readable.from(
      (async function* () {
        for (;;) {
          given += 1;
          yield Buffer.alloc(10);
        }
      })(),
    );
    await expect(readAll(endless, 95)).rejects.toThrow('more than 95 bytes');
    expect(endless.destroyed).toBe(true);
    expect(given).toBeLessThan(40);
  });

  it('openFile streams a file, and rejects before it resolves when there is none', async () => {
    const path = join(folder, 'file');
    const bytes = randomBytes(200_000);
    await writeFile(path, bytes);
    expect(await readAll(await openFile(path), 1e6)).toEqual(bytes);
    await expect(openFile(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('openFile ends when the signal aborts', async () => {
    const path = join(folder, 'file');
    await writeFile(path, randomBytes(1_000_000));
    await expect(openFile(path, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    const stream = await openFile(path, controller.signal);
    controller.abort();
    await expect(sha256Of(stream)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
