import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { processedCrash, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { SocorroTree } from '../../src/storage/fs/socorro-paths.ts';
import { SocorroFsStorage } from '../../src/storage/fs/socorro-storage.ts';

const idOf = (digit: number, start = '0bba929f'): CrashId =>
  `${start}-8721-460c-8e70-a43c9${digit}071025` as CrashId;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'auxilio-socorro-'));
});
afterEach(() => rm(root, { recursive: true }));

const at = (time: string): Clock => ({ now: () => new Date(time) });
const open = (tree: SocorroTree, dated = false, clock?: Clock): Promise<SocorroFsStorage> =>
  SocorroFsStorage.open('old', clock ? { root, tree, dated, clock } : { root, tree, dated });

describe('folders that another process has removed', () => {
  it.each(['radix', 'legacy'] as const)('%s: are made again by whoever writes next', async (tree) => {
    const a = await open(tree, true);
    const b = await open(tree, true);
    const [first, second] = [rawCrash({}, idOf(2)), rawCrash({}, idOf(2, '0bbabbbb'))];
    await a.saveReport(report(first, textDump('core', 'x')));
    await a.saveProcessed(first, processedCrash(first.id));
    expect(await b.remove(first.id)).toBe(true);
    expect(await readdir(join(root, '20071025'))).toEqual(['date']);
    await a.saveReport(report(second, textDump('core', 'y')));
    expect(await a.readRaw(second.id)).toEqual(second);
    await b.remove(second.id);
    await a.saveProcessed(second, processedCrash(second.id));
    expect(await a.readProcessed(second.id)).toEqual(processedCrash(second.id));
  });

  it('a slot that was emptied and removed is made again, also for a crash that was filed in it', async () => {
    const clock = at('2007-10-25T05:04:00Z');
    const store = await open('radix', true, clock);
    const [first, second] = [rawCrash({}, idOf(2)), rawCrash({}, idOf(2, '0bbabbbb'))];
    await store.saveReport(report(first));
    const slot = join(root, '20071025/date/05/04_00');
    for (const crash of [first, second]) {
      await rm(slot, { recursive: true });
      await store.saveReport(report(crash));
      expect(await readdir(slot)).toEqual([crash.id]);
    }
  });
});
