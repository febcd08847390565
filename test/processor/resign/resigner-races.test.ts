/** Crashes that a processor makes anew, or somebody removes, while they are signed again. */
import { describe, expect, it } from 'vitest';
import type { CrashId } from '../../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../../src/model/processed-crash.ts';
import { rawCrash } from '../../../src/storage/conformance/inputs.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import type { CrashStorage, Store } from '../../../src/storage/contract.ts';
import { withRedactor } from '../../../src/storage/layers/redactor.ts';
import type { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { crashData, processedWith } from '../../app/siglists-site.ts';
import { AT, altered, memory, old, resigner, saved } from './resigning.ts';

describe('a processor that is faster', () => {
  const reprocessed = (id: CrashId, more: object = {}): ProcessedCrash =>
    processedWith(id, crashData(['app::other', 'wrapper', 'main']), old, { fresh: true, ...more });

  it('between reading and saving is not overwritten: the new input is signed', async () => {
    const store = memory('one');
    const before = await saved(store, [store]);
    let reads = 0;
    const raced = altered(store, {
      async readProcessed(id: CrashId) {
        const found = await store.readProcessed(id);
        reads += 1;
        // Right behind the first look.
        if (reads === 1) await store.saveProcessed(rawCrash({}, id), reprocessed(id));
        return found;
      },
    });
    expect(await resigner(store, raced).crash(before.id, AT)).toMatchObject({ from: 'app::other' });
    expect(await store.readProcessed(before.id)).toMatchObject({
      fresh: true,
      signature: 'app::other | main',
    });
  });

  it('since the run began is left alone', async () => {
    const store = memory('one');
    const { id } = await saved(store, [store], { completed_datetime: '2026-11-22T00:00:00.001Z' });
    expect(await resigner(store, store).crash(id, AT)).toEqual({ kind: 'reprocessed' });
    expect((await store.readProcessed(id)).signature).toBe('wrapper');
  });

  it('for ever is given up', async () => {
    const store = memory('one');
    const { id } = await saved(store, [store]);
    let count = 0;
    const raced = altered(store, {
      async readProcessed(id: CrashId) {
        count += 1;
        await store.saveProcessed(rawCrash({}, id), reprocessed(id, { count }));
        return store.readProcessed(id);
      },
    });
    await expect(resigner(store, raced).crash(id, AT)).rejects.toThrow('was processed 5 times meanwhile');
    expect((await store.readProcessed(id))['count']).toBe(10);
  });

  it('that removes it meanwhile wins', async () => {
    const store = memory('one');
    const { id } = await saved(store, [store]);
    const raced = altered(store, {
      async readProcessed(id: CrashId) {
        const found = await store.readProcessed(id);
        await store.remove(id);
        return found;
      },
    });
    expect(await resigner(store, raced).crash(id, AT)).toEqual({ kind: 'gone' });
    await expect(store.readProcessed(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  describe('in the very moment of saving', () => {
    const LATER = '2026-11-22T00:00:01.000Z';

    /** `first` is overwritten with what was read before; `second` keeps what the processor made. */
    async function overwritten(part: (store: MemoryStorage) => Store = (store) => store) {
      const [source, first, second] = [memory('source'), memory('first'), memory('second')];
      const before = await saved(source, [first, part(second)], {
        completed_datetime: '2026-11-21T00:00:00.000Z',
      });
      const newer = reprocessed(before.id, { completed_datetime: LATER, email: 'a@example.org' });
      let raced = false;
      const racing = altered(first, {
        async saveProcessed(...args: Parameters<MemoryStorage['saveProcessed']>) {
          if (!raced) {
            raced = true;
            for (const store of [first, part(second)])
              await (store as CrashStorage<'processed.write'>).saveProcessed(args[0], newer);
          }
          return first.saveProcessed(...args);
        },
      });
      const both = resigner(source, createPoly('poly', [racing, part(second)]));
      expect(await both.crash(before.id, AT)).toMatchObject({ kind: 'signed', stores: 1 });
      expect(await first.readProcessed(before.id)).not.toHaveProperty('fresh');
      return { both, first, second, newer };
    }

    it('is put right from the store that has its result', async () => {
      const { both, first, second, newer } = await overwritten();
      expect(both.settles).toBe(true);
      expect(await both.settle(newer.id)).toBe(true);
      expect(await first.readProcessed(newer.id)).toEqual(newer);
      expect(await second.readProcessed(newer.id)).toEqual(newer);
      expect(await both.settle(newer.id)).toBe(false);
    });

    it('is told when no store has all of its result', async () => {
      const { both, first, newer } = await overwritten((store) =>
        withRedactor(store, { forbiddenKeys: ['email'] }),
      );
      await expect(both.settle(newer.id)).rejects.toThrow(`auxilio reprocess ${newer.id}`);
      expect(await first.readProcessed(newer.id)).not.toHaveProperty('fresh');
    });
  });
});
