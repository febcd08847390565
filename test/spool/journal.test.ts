import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiskFile, NodeDisk } from '../../src/lib/disk.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Box } from '../../src/spool/box.ts';
import { GroupLog } from '../../src/spool/group-log.ts';
import { decodeRecord, encodeRecord, frame, newNonce, readFrames } from '../../src/spool/record.ts';
import { type Entry, Segment } from '../../src/spool/segment.ts';
import { makeRaw, withFolder } from './harness.ts';

const disk = new NodeDisk();

class SlowFile implements DiskFile {
  readonly written: Uint8Array[] = [];
  syncs = 0;
  failure: Error | undefined;
  gate: Promise<void> | undefined;

  async write(bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
    this.written.push(...(bytes instanceof Uint8Array ? [bytes] : bytes));
  }
  async sync(): Promise<void> {
    this.syncs += 1;
    await this.gate;
    if (this.failure) throw this.failure;
  }
  async close(): Promise<void> {}
}

describe('the group log', () => {
  it('serves with one sync all that came before it began', async () => {
    const file = new SlowFile();
    const gate = Promise.withResolvers<void>();
    file.gate = gate.promise;
    const groups: number[] = [];
    const log = new GroupLog(file, 10, (n) => groups.push(n));
    const first = log.append([Buffer.from('a')]);
    while (file.syncs === 0) await Promise.resolve();
    const rest = ['bb', 'ccc'].map((text) => log.append([Buffer.from(text)]));
    gate.resolve();
    expect(await Promise.all([first, ...rest])).toEqual([10, 11, 13]);
    expect(Buffer.concat(file.written).toString()).toBe('abbccc');
    expect(groups).toEqual([1, 2]);
    await log.close();
  });

  it('gives a log up after a failed sync', async () => {
    const file = new SlowFile();
    file.failure = new Error('EIO');
    const log = new GroupLog(file, 0);
    await expect(log.append([Buffer.from('a')])).rejects.toThrow('EIO');
    file.failure = undefined;
    expect(log.isBroken).toBe(true);
    await expect(log.append([Buffer.from('b')])).rejects.toThrow('broken');
    expect(file.syncs).toBe(1);
  });
});

/** Two records in a segment, written as the spool writes them. */
async function twoRecords(folder: string): Promise<{ path: string; entries: Entry[]; bytes: Buffer }> {
  await mkdir(folder);
  const segment = await Segment.create(disk, folder, 1);
  const entries: Entry[] = [];
  for (const text of ['one', 'two']) {
    const raw = makeRaw({ text });
    entries.push(await segment.append({ id: raw.id, time: 1, dumps: [] }, raw, []));
  }
  await segment.close();
  const path = join(folder, '1.log');
  return { path, entries, bytes: await readFile(path) };
}

const recovered = async (folder: string, onGap = (): void => undefined): Promise<string[]> =>
  (await Segment.recover(disk, folder, 1, onGap))?.live.map(([entry]) => entry.id) ?? [];

describe('a journal segment', () => {
  it('cut at any byte gives the records before the cut, and only those', () =>
    withFolder(async (folder) => {
      const { path, entries, bytes } = await twoRecords(join(folder, 'box'));
      for (let length = bytes.length; length >= 0; length -= 1) {
        await truncate(path, length);
        const whole = entries.filter((e) => e.offset + e.length <= length).map((e) => e.id);
        expect(await recovered(join(folder, 'box'))).toEqual(whole);
      }
    }));

  it('damaged at any byte gives all records but the damaged one', () =>
    withFolder(async (folder) => {
      const { path, entries, bytes } = await twoRecords(join(folder, 'box'));
      const header = (entries[0] as Entry).offset;
      for (let at = header; at < bytes.length; at += 1) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ 0x40;
        await writeFile(path, damaged);
        let gaps = 0;
        const found = await recovered(join(folder, 'box'), () => {
          gaps += 1;
        });
        const hit = entries.findIndex((e) => at < e.offset + e.length);
        expect(found).toEqual(entries.filter((_, i) => i !== hit).map((e) => e.id));
        // The last one cannot be told from a torn end.
        expect(gaps).toBe(hit === 1 ? 0 : 1);
      }
    }));

  it('does not take the bytes of a dump for a record', () =>
    withFolder(async (folder) => {
      const raw = makeRaw();
      const forged = Buffer.concat(frame(newNonce(), encodeRecord({ id: raw.id, time: 0, dumps: [] }, raw)));
      await mkdir(join(folder, 'box'));
      const segment = await Segment.create(disk, join(folder, 'box'), 1);
      const outer = makeRaw();
      await segment.append({ id: outer.id, time: 0, dumps: [] }, outer, [forged]);
      await segment.close();
      const path = join(folder, 'box', '1.log');
      const bytes = await readFile(path);
      // The record itself is damaged, so that reading goes on in the middle of it.
      bytes[60] = (bytes[60] as number) ^ 1;
      await writeFile(path, bytes);
      expect(await recovered(join(folder, 'box'))).toEqual([]);
    }));

  it('refuses names of files that lead elsewhere', () =>
    withFolder(async (folder) => {
      const raw = makeRaw();
      const dumps = [{ name: 'a', size: 1, place: { file: '../../../etc/passwd' } }];
      const payload = Buffer.concat(encodeRecord({ id: raw.id, time: 0, dumps }, raw));
      expect(() => decodeRecord(payload)).toThrow('strange file');
      expect(folder).toBeTruthy();
    }));

  it('gives back any frames that were written, whatever lies between', () =>
    withFolder((folder) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 50 })), {
            maxLength: 12,
          }),
          fc.boolean(),
          async (parts, withJunk) => {
            const nonce = newNonce();
            const path = join(folder, 'frames');
            await writeFile(path, '');
            for (const [payload, junk] of parts) {
              await appendFile(path, Buffer.concat(frame(nonce, [payload])));
              if (withJunk) await appendFile(path, junk);
            }
            const found: Buffer[] = [];
            for await (const { payload } of readFrames(path, nonce, 0, () => undefined)) found.push(payload);
            expect(found.map((b) => b.toString('hex'))).toEqual(
              parts.map(([p]) => Buffer.from(p).toString('hex')),
            );
          },
        ),
        { numRuns: 200 },
      ),
    ));

  it('without a header is nobody’s, and with bytes behind it goes to the operator', () =>
    withFolder(async (folder) => {
      const box = join(folder, 'box');
      const { bytes } = await twoRecords(box);
      await writeFile(join(box, '2.log'), bytes.subarray(0, 10));
      await writeFile(join(box, '3.log'), Buffer.concat([Buffer.alloc(24), bytes.subarray(24)]));
      await mkdir(join(folder, 'failed'));
      const { entries } = await Box.recover(box, { disk, log: silentLog, damaged: join(folder, 'failed') });
      expect(entries).toHaveLength(2);
      expect(await readFile(join(folder, 'failed', 'damaged-box-3.log'))).toHaveLength(bytes.length);
    }));
});
