import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MinidumpReader } from '../../src/symbols/minidump/minidump-reader.ts';
import { fullMinidump } from '../build/minidump.ts';
import { buildMinidump } from '../build/minidump-writer.ts';
import { scratchFolder } from './tools.ts';

const readers: MinidumpReader[] = [];
function makeReader(options: Partial<ConstructorParameters<typeof MinidumpReader>[0]> = {}): MinidumpReader {
  const reader = new MinidumpReader({ memoryBytes: 256 * 1024 ** 2, timeoutMs: 20_000, ...options });
  readers.push(reader);
  return reader;
}
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
});

async function dumpFile(bytes: Buffer): Promise<string> {
  const path = join(await scratchFolder(), 'x.dmp');
  await writeFile(path, bytes);
  return path;
}

describe('the reader in its worker', () => {
  it('reads many dumps, one after the other, in one worker', async () => {
    const reader = makeReader();
    const path = await dumpFile(fullMinidump());
    const all = await Promise.all(Array.from({ length: 20 }, () => reader.read(path)));
    expect(all.map((data) => data.threads.length)).toEqual(Array.from({ length: 20 }, () => 2));
  });

  it('a dump that takes too long is an outcome, and the next one is read', async () => {
    const path = await dumpFile(fullMinidump());
    const hurried = makeReader({ timeoutMs: 0 });
    expect(await hurried.read(path)).toMatchObject({ status: 'ERROR_READER_TIMEOUT', threads: [] });
    expect(await hurried.read(path)).toMatchObject({ status: 'ERROR_READER_TIMEOUT' });
    expect(await makeReader().read(path)).toMatchObject({ status: 'OK' });
  });

  it('a dump that needs too much memory is an outcome, and the next one is read', async () => {
    const reader = makeReader({ memoryBytes: 16 * 1024 ** 2 });
    const threads = Array.from({ length: 16_000 }, (_, id) => ({ id, name: `thread ${id}`.repeat(100) }));
    const large = await dumpFile(buildMinidump({ threads }));
    expect(await reader.read(large)).toMatchObject({ status: 'ERROR_READER_OUT_OF_MEMORY' });
    expect(await reader.read(await dumpFile(fullMinidump()))).toMatchObject({ status: 'OK' });
  });

  it('a file that is not there rejects, and the worker goes on', async () => {
    const reader = makeReader();
    await expect(reader.read('/nowhere/at/all.dmp')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await reader.read(await dumpFile(fullMinidump()))).toMatchObject({ status: 'OK' });
  });

  it('an aborted read rejects, whether it runs or waits', async () => {
    const reader = makeReader();
    const path = await dumpFile(fullMinidump());
    const controller = new AbortController();
    const first = reader.read(path, { signal: controller.signal });
    const second = reader.read(path, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    expect(await reader.read(path)).toMatchObject({ status: 'OK' });
  });

  it('after close it rejects and its thread is gone', async () => {
    const reader = makeReader();
    const path = await dumpFile(fullMinidump());
    await reader.read(path);
    await reader.close();
    await expect(reader.read(path)).rejects.toMatchObject({ code: 'aborted' });
  });
});
