/** One crash signed again: every store from what it holds itself, and never with stale data. */
import { describe, expect, it } from 'vitest';
import type { ProcessedCrash } from '../../../src/model/processed-crash.ts';
import { rawCrash, report } from '../../../src/storage/conformance/inputs.ts';
import { createFallback } from '../../../src/storage/containers/fallback/fallback.ts';
import { createPoly } from '../../../src/storage/containers/poly/poly.ts';
import type { CrashStorage } from '../../../src/storage/contract.ts';
import { StorageError } from '../../../src/storage/errors.ts';
import { withRedactor } from '../../../src/storage/layers/redactor.ts';
import type { MemoryStorage } from '../../../src/storage/memory/memory-storage.ts';
import { crashData, newId, processedWith } from '../../app/siglists-site.ts';
import { AT, altered, fresh, memory, NOW, old, resigner, STACK, saved } from './resigning.ts';

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
