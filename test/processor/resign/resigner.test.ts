/** One crash signed again: every store from what it holds itself, and never with stale data. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CrashId } from '../../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../../src/model/processed-crash.ts';
import { Resigner } from '../../../src/processor/resign/resigner.ts';
import { defaultRules } from '../../../src/signature/default-rules.ts';
import type { SignatureGenerator } from '../../../src/signature/generator.ts';
import { SignatureGenerator as Generator } from '../../../src/signature/generator.ts';
import { parseLists } from '../../../src/signature/list-folder.ts';
import { rawCrash, report } from '../../../src/storage/conformance/inputs.ts';
import { createFallback } from '../../../src/storage/containers/fallback/fallback.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import type { Capability, CrashStorage, Store } from '../../../src/storage/contract.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { withRedactor } from '../../../src/storage/layers/redactor.ts';
import { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { crashData, newId, processedWith } from '../../app/siglists-site.ts';

const NOW = '2026-11-22T00:00:00.000Z';
const AT = new Date(NOW);
const clock = { now: () => new Date(NOW) };

let old: SignatureGenerator;
let fresh: SignatureGenerator;
const open: MemoryStorage[] = [];

beforeAll(async () => {
  old = new Generator({ lists: await parseLists({}) });
  fresh = new Generator({ lists: await parseLists({ irrelevant: 'wrapper', prefix: 'app::' }) });
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

function memory(name: string): MemoryStorage {
  const store = new MemoryStorage(name, { maxBytes: 1024 ** 2 });
  open.push(store);
  return store;
}

/** The store with some methods replaced, and without some capabilities. */
const altered = (store: MemoryStorage, methods: object, without: readonly Capability[] = []): Store =>
  new Proxy(store, {
    get(target, key) {
      if (key in methods) return (methods as Record<string | symbol, unknown>)[key];
      if (key === 'capabilities')
        return new Set([...target.capabilities].filter((c) => !without.includes(c)));
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

const STACK = crashData(['wrapper', 'app::run', 'main']);

async function saved(
  source: MemoryStorage,
  stores: readonly Store[],
  more: object = {},
): Promise<ProcessedCrash> {
  const id = newId();
  const raw = rawCrash({}, id);
  await source.saveReport(report(raw));
  const processed = processedWith(id, STACK, old, more);
  for (const store of stores) await (store as CrashStorage<'processed.write'>).saveProcessed(raw, processed);
  return processed;
}

const resigner = (source: MemoryStorage, destination: Store, stale: 'signature' | 'version' = 'signature') =>
  new Resigner({ source, destination, generator: fresh, rules: defaultRules, clock, stale });

describe('a crash signed again', () => {
  it('has a new signature, trace, notes, digest and generator version, and everything else as it was', async () => {
    const store = memory('one');
    const before = await saved(store, [store], {
      processor_notes:
        '>>> Start\nSignatureGenerationRule: an old note\nstackwalk: stays\nOOMSignature: gone too',
    });
    expect(await resigner(store, store).crash(before.id, AT)).toEqual({
      kind: 'signed',
      from: 'wrapper',
      to: 'app::run | main',
      stores: 1,
    });
    const after = await store.readProcessed(before.id);
    expect(after).toEqual({
      ...before,
      signature: 'app::run | main',
      processor_notes: [
        '>>> Start',
        'stackwalk: stays',
        `>>> Signed again: ${NOW} (lists ${fresh.lists.digest.slice(0, 12)}, generator ${fresh.generate(STACK).trace.generator})`,
      ].join('\n'),
      signature_trace: fresh.generate(STACK).trace,
    });
    expect(await resigner(store, store).crash(before.id, AT)).toEqual({ kind: 'already' });
    expect(await store.readProcessed(before.id)).toEqual(after);
  });

  it('is what processing it with the new lists would have made', async () => {
    const store = memory('one');
    const empty = crashData([]);
    const id = newId();
    await store.saveReport(report(rawCrash({}, id)));
    await store.saveProcessed(rawCrash({}, id), processedWith(id, empty, old, { signature: 'another' }));
    await resigner(store, store).crash(id, AT);
    const { processor_notes: notes, ...after } = await store.readProcessed(id);
    const { processor_notes: wanted, ...whole } = processedWith(id, empty, fresh);
    expect(after).toEqual(whole);
    expect(notes?.split('\n').slice(0, -1)).toEqual(wanted?.split('\n'));
  });

  it('is left alone with the same signature, unless another version of the lists made it and all are wanted', async () => {
    const store = memory('one');
    const before = await saved(store, [store], { signature: 'app::run | main' });
    expect(await resigner(store, store).crash(before.id, AT)).toEqual({ kind: 'already' });
    expect(await store.readProcessed(before.id)).toEqual(before);
    expect(await resigner(store, store, 'version').crash(before.id, AT)).toMatchObject({ kind: 'signed' });
    expect((await store.readProcessed(before.id)).signature_trace).toMatchObject({
      lists: fresh.lists.digest,
    });
    expect(await resigner(store, store, 'version').crash(before.id, AT)).toEqual({ kind: 'already' });
  });

  it('of before inputs were stored has its stack walk; without that it is told', async () => {
    const store = memory('one');
    const walk = {
      status: 'OK',
      crash_info: { crashing_thread: 0 },
      system_info: { os: 'Linux' },
      threads: STACK.threads,
    };
    const before = await saved(store, [store], { signature_input: undefined, json_dump: walk });
    expect(await resigner(store, store).crash(before.id, AT)).toMatchObject({ to: 'app::run | main' });
    expect((await store.readProcessed(before.id)).signature_input).toMatchObject({ os: 'Linux' });
    const bare = await saved(store, [store], { signature_input: undefined });
    expect(await resigner(store, store).crash(bare.id, AT)).toEqual({ kind: 'without_input' });
    expect(await resigner(store, store).crash(newId(), AT)).toEqual({ kind: 'gone' });
  });
});

describe('every destination', () => {
  it('is updated from what it holds itself: the public copy stays public, the whole one whole', async () => {
    const [source, whole, part] = [memory('source'), memory('whole'), memory('part')];
    const redacted = withRedactor(part, { forbiddenKeys: ['email', 'signature_input'] });
    const before = await saved(source, [whole, redacted], { email: 'a@example.org' });
    // The public one first: it must not be what the other is made of.
    const outcome = await resigner(source, createPoly('poly', [redacted, whole])).crash(before.id, AT);
    expect(outcome).toMatchObject({ kind: 'signed', stores: 2 });
    expect(await whole.readProcessed(before.id)).toMatchObject({
      email: 'a@example.org',
      signature: 'app::run | main',
      signature_input: before.signature_input,
    });
    const public_ = await part.readProcessed(before.id);
    expect(public_.signature).toBe('app::run | main');
    expect(public_).not.toHaveProperty('email');
    expect(public_).not.toHaveProperty('signature_input');
  });

  it('that cannot be read gets the whole crash, in nested poly stores as well', async () => {
    const [source, whole, index] = [memory('source'), memory('whole'), memory('index')];
    const got: ProcessedCrash[] = [];
    const blind = altered(
      index,
      { saveProcessed: async (_raw: unknown, processed: ProcessedCrash) => void got.push(processed) },
      ['processed.read'],
    );
    const before = await saved(source, [whole], { email: 'a@example.org' });
    await resigner(source, createPoly('outer', [createPoly('inner', [blind]), whole])).crash(before.id, AT);
    expect(got).toMatchObject([{ signature: 'app::run | main', email: 'a@example.org' }]);
    expect(() => resigner(source, altered(memory('x'), {}, ['processed.write']))).toThrow(
      'no store takes processed',
    );
  });

  it('behind a fallback is the one that has it', async () => {
    const [source, first, second] = [memory('source'), memory('first'), memory('second')];
    const both = createFallback('both', [first, second], { pauseMs: 1000, maxPauseMs: 60_000 });
    const before = await saved(source, [second]);
    await resigner(source, both).crash(before.id, AT);
    const read = await (both as CrashStorage<'processed.read'>).readProcessed(before.id);
    expect(read.signature).toBe('app::run | main');
  });

  it('that fails after another was updated is updated by the next attempt', async () => {
    const [source, one, two] = [memory('source'), memory('one'), memory('two')];
    const before = await saved(source, [one, two]);
    let down = true;
    const flaky = altered(two, {
      async saveProcessed(...args: Parameters<MemoryStorage['saveProcessed']>) {
        if (down) throw new StorageError('unavailable', 'two', 'down');
        return two.saveProcessed(...args);
      },
    });
    const both = resigner(source, createPoly('poly', [one, flaky]));
    await expect(both.crash(before.id, AT)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await one.readProcessed(before.id)).signature).toBe('app::run | main');
    down = false;
    expect(await both.crash(before.id, AT)).toMatchObject({ kind: 'signed', stores: 1 });
    expect((await two.readProcessed(before.id)).signature).toBe('app::run | main');
  });

  it('is not written to without the raw crash', async () => {
    const [source, store] = [memory('source'), memory('store')];
    const before = await saved(store, [store]);
    await expect(resigner(source, store).crash(before.id, AT)).rejects.toMatchObject({ code: 'not_found' });
    expect(await store.readProcessed(before.id)).toEqual(before);
  });
});

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
