/** A power cut at every point: what was confirmed is there and whole, and nothing is half there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CrashId } from '../../src/model/crash-id.ts';
import type { Dump, Report } from '../../src/model/report.ts';
import { bytesOf, processedCrash, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { codeOf } from '../../src/storage/errors.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { SocorroFsStorage } from '../../src/storage/fs/socorro-storage.ts';
import { PowerCutDisk, seededRandom } from '../build/power-cut-disk.ts';

type FsStore = FsStorage | SocorroFsStorage;
type Open = (root: string, disk?: PowerCutDisk) => Promise<FsStore>;

const native: Open = (root, disk) =>
  FsStorage.open('cut', disk ? { root, depth: 2, disk } : { root, depth: 2 });
const socorro =
  (tree: 'radix' | 'legacy'): Open =>
  (root, disk) =>
    SocorroFsStorage.open('cut', disk ? { root, tree, dated: false, disk } : { root, tree, dated: false });

/** Undefined when the crash is not there; rejects when it is there in part. */
async function readWhole(store: FsStore, id: CrashId): Promise<Report | undefined> {
  try {
    const raw = await store.readRaw(id);
    const dumps: Dump[] = [];
    for (const { name } of await store.listDumps(id)) {
      const dump = await store.readDump(id, name);
      dumps.push(textDump(name, (await bytesOf(dump)).toString()));
    }
    return report(raw, ...dumps);
  } catch (error) {
    if (codeOf(error) === 'not_found') return undefined;
    throw error;
  }
}

const outline = (r: Report): unknown => [r.raw.annotations, r.dumps.map((d) => [d.name, d.sha256]).sort()];

async function cutEverywhere(
  open: Open,
  random: (() => number) | undefined,
  run: (store: FsStore, disk: PowerCutDisk, base: string) => Promise<void>,
  check: (store: FsStore, promised: readonly string[]) => Promise<void>,
): Promise<void> {
  const base = await mkdtemp(join(tmpdir(), 'auxilio-cut-'));
  try {
    const disk = await PowerCutDisk.open(join(base, 'before'));
    const store = await open(join(disk.root, 'root'), disk);
    const start = disk.events;
    await run(store, disk, disk.root);
    for (let point = start; point <= disk.events; point += 1) {
      const target = join(base, `after-${point}`);
      await disk.materialise(point, target, { random });
      try {
        const after = await open(join(target, 'root'));
        await check(after, disk.marksAt(point));
        await after.close();
      } catch (error) {
        throw new Error(`cut at ${point} of ${disk.events}: ${String(error)}`, { cause: error });
      }
      await rm(target, { recursive: true });
    }
  } finally {
    await rm(base, { recursive: true });
  }
}

describe.each([
  ['native', native],
  ['socorro radix', socorro('radix')],
  ['socorro legacy', socorro('legacy')],
])('a power cut, %s', (_title, open) => {
  describe.each([
    ['the strictest disk', () => undefined],
    ['disk 1', () => seededRandom(1)],
    ['disk 2', () => seededRandom(2)],
  ])('%s', (_disk, random) => {
    it('several crashes at once: what was confirmed is whole, the rest whole or not there', async () => {
      const saved = Array.from({ length: 3 }, (_, i) =>
        report(rawCrash({ i: String(i) }), textDump('core', `copied ${i}`), textDump('a/b', `other ${i}`)),
      );
      await cutEverywhere(
        open,
        random(),
        async (store, disk) => {
          const save = async (r: Report): Promise<void> => {
            await store.saveReport(r);
            disk.mark(r.raw.id);
          };
          await Promise.all(saved.map(save));
        },
        async (store, promised) => {
          for (const r of saved) {
            const found = await readWhole(store, r.raw.id);
            if (promised.includes(r.raw.id)) expect(found).toBeDefined();
            if (found) expect(outline(found)).toEqual(outline(r));
          }
        },
      );
    });
  });
});

describe.each([
  ['the strictest disk', () => undefined],
  ['disk 1', () => seededRandom(11)],
  ['disk 2', () => seededRandom(12)],
])('a power cut, native, %s', (_disk, random) => {
  it('linked dumps, a report that replaces another, and its processed crash', async () => {
    const id = rawCrash().id;
    const versions = ['one', 'two'].map((v) => report(rawCrash({ v }, id), textDump('core', `core of ${v}`)));
    const [one, two] = versions as [Report, Report];
    const signatures = ['first', 'second'];
    await cutEverywhere(
      native,
      random(),
      async (store, disk, base) => {
        const linked = async (r: Report): Promise<Report> => {
          const spooled = join(base, `spooled-${r.raw.annotations['v']}`);
          const file = await disk.open(spooled, 'create');
          await file.write(await bytesOf(r.dumps[0] as Dump));
          await file.sync();
          await file.close();
          await disk.syncFolder(base);
          return report(r.raw, { ...(r.dumps[0] as Dump), path: spooled, immutable: true });
        };
        await store.saveReport(await linked(one));
        disk.mark('one');
        await store.saveProcessed(one.raw, processedCrash(id, { signature: 'first' }));
        disk.mark('first');
        await store.saveReport(await linked(two));
        disk.mark('two');
        await store.saveProcessed(one.raw, processedCrash(id, { signature: 'second' }));
        disk.mark('second');
      },
      async (store, promised) => {
        const found = await readWhole(store, id);
        const at = (marks: readonly string[]): number =>
          marks.findLastIndex((mark) => promised.includes(mark));
        const least = at(['one', 'two']);
        const allowed = versions.slice(Math.max(0, least)).map(outline);
        if (found) expect(allowed).toContainEqual(outline(found));
        else expect(least).toBe(-1);
        const processed = await store.readProcessed(id).catch((e: unknown) => {
          expect(codeOf(e)).toBe('not_found');
          return undefined;
        });
        const known = at(signatures);
        if (processed) expect(signatures.slice(Math.max(0, known))).toContain(processed.signature);
        else expect(known).toBe(-1);
      },
    );
  });

  it('a removed crash stays removed', async () => {
    const kept = report(rawCrash(), textDump('core', 'kept'));
    const gone = report(rawCrash(), textDump('core', 'gone'));
    await cutEverywhere(
      native,
      random(),
      async (store, disk) => {
        await store.saveReport(kept);
        await store.saveReport(gone);
        disk.mark('saved');
        await store.remove(gone.raw.id);
        disk.mark('removed');
      },
      async (store, promised) => {
        const found = await readWhole(store, gone.raw.id);
        if (promised.includes('removed')) expect(found).toBeUndefined();
        if (found) expect(outline(found)).toEqual(outline(gone));
        if (promised.includes('saved')) expect(await readWhole(store, kept.raw.id)).toBeDefined();
      },
    );
  });

  it('a blob is the old or the new one', async () => {
    await cutEverywhere(
      native,
      random(),
      async (store, disk) => {
        const files = store as FsStorage;
        await files.putBlob('a/b/c', textDump('x', 'old'));
        disk.mark('old');
        await files.putBlob('a/b/c', textDump('x', 'new'));
        disk.mark('new');
      },
      async (store, promised) => {
        const blob = await (store as FsStorage).getBlob('a/b/c').catch(() => undefined);
        const text = blob && (await bytesOf(blob)).toString();
        const allowed = promised.includes('new') ? ['new'] : ['old', 'new'];
        if (promised.includes('old') || text !== undefined) expect(allowed).toContain(text);
      },
    );
  });
});

it('the test sees a store that forgets to sync', async () => {
  const raw = rawCrash();
  const forgetful: Open = async (root, disk) => {
    if (disk) Object.assign(disk, { syncFolder: async () => undefined });
    return native(root, disk);
  };
  const run = cutEverywhere(
    forgetful,
    undefined,
    async (store, disk) => {
      await store.saveReport(report(raw, textDump('core', 'x')));
      disk.mark(raw.id);
    },
    async (store, promised) => {
      if (promised.includes(raw.id)) expect(await readWhole(store, raw.id)).toBeDefined();
    },
  );
  await expect(run).rejects.toThrow(/cut at/);
});
