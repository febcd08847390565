import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NodeDisk } from '../../src/lib/disk.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Box } from '../../src/spool/box.ts';
import type { Entry } from '../../src/spool/segment.ts';
import { makeRaw, withFolder } from './harness.ts';

/** Opens files of marks only when it is told to. */
class GatedDisk extends NodeDisk {
  readonly gate = Promise.withResolvers<void>();
  readonly reached = Promise.withResolvers<void>();

  override async open(...args: Parameters<NodeDisk['open']>): ReturnType<NodeDisk['open']> {
    if (args[0].endsWith('.done')) {
      this.reached.resolve();
      await this.gate.promise;
    }
    return super.open(...args);
  }
}

// Seen as a box without entries that stayed behind a closed spool: its last entry was done while a flush was under way,
// and closing took that flush, which had passed the segment already, for one of its own.
it('goes when it is closed in the middle of a flush that began before its last entry was done', () =>
  withFolder(async (folder) => {
    const options = { disk: new NodeDisk(), log: silentLog, segmentSize: 1_000_000 };
    await mkdir(join(folder, 'failed'));
    const dead = await Box.create(folder, 'dead', options);
    for (let i = 0; i < 2; i += 1) {
      const raw = makeRaw();
      await dead.append({ id: raw.id, time: 0, dumps: [] }, raw, []);
    }
    const disk = new GatedDisk();
    const { box, entries } = await Box.recover(dead.path, {
      disk,
      log: silentLog,
      damaged: join(folder, 'failed'),
    });
    const [first, second] = entries as [Entry, Entry];
    first.segment.done(first, []);
    const flushing = box.flush();
    await disk.reached.promise;
    second.segment.done(second, []);
    const closing = box.close();
    disk.gate.resolve();
    await Promise.all([flushing, closing]);
    expect(existsSync(box.path)).toBe(false);
  }));
