import { describe, expect, it } from 'vitest';
import { raceSignal } from '../../src/lib/abort.ts';
import { registry } from '../../src/lib/metrics.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import { DAY, idOn, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { createFallback } from '../../src/storage/containers/fallback/fallback.ts';
import type { FullStore, Store } from '../../src/storage/contract.ts';
import { AggregateStorageError, StorageError } from '../../src/storage/errors.ts';
import { layerOver } from '../../src/storage/layers/layer.ts';
import { type Switch, switched } from './stores.ts';

const full = (store: Store): FullStore => store as FullStore;

describe('fallback', () => {
  interface Setup {
    readonly a: Switch;
    readonly b: Switch;
    readonly store: FullStore;
    tick(ms: number): void;
  }
  const setup = (): Setup => {
    let now = 0;
    const [a, b] = [switched('a'), switched('b')];
    const clock = { now: () => new Date(now) };
    const tick = (ms: number): void => {
      now += ms;
    };
    const store = full(
      createFallback('both', [a.store, b.store], { pauseMs: 1000, maxPauseMs: 4000, clock }),
    );
    return { a, b, store, tick };
  };

  it('writes to the next child on any error and hides the failure', async () => {
    for (const code of ['unavailable', 'permission_denied', 'full', 'internal'] as const) {
      const { a, b, store } = setup();
      a.code = code;
      const raw = rawCrash();
      await store.saveReport(report(raw));
      expect(await b.inner.readRaw(raw.id)).toEqual(raw);
    }
  });

  it('reads on from a child that is down, and never calls its crashes not found', async () => {
    const { a, b, store } = setup();
    const raw = rawCrash();
    await b.inner.saveReport(report(raw, textDump('core', 'x')));
    expect(await store.readRaw(raw.id)).toEqual(raw);
    a.code = 'unavailable';
    expect(await store.readRaw(raw.id)).toEqual(raw);
    const missing = idOn(DAY);
    await expect(store.readRaw(missing)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    // Also while the child is left out, and its answer is only remembered.
    await expect(store.readRaw(missing)).rejects.toMatchObject({ code: 'unavailable' });
    b.code = 'permission_denied';
    await expect(store.readRaw(missing)).rejects.not.toMatchObject({ code: 'not_found' });
    [a.code, b.code] = [undefined, undefined];
  });

  it('says not found when every child said so', async () => {
    const { store } = setup();
    const error = await store.readRaw(idOn(DAY)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: 'not_found', retryable: false });
  });

  it('asks a child that is down once, then leaves it out for growing pauses', async () => {
    const { a, store, tick } = setup();
    const asked = (): number => a.calls.filter((c) => c !== 'health').length;
    const save = (): Promise<void> => store.saveReport(report(rawCrash()));
    a.code = 'timeout';
    for (let i = 0; i < 20; i += 1) await save();
    expect(asked()).toBe(1);
    for (const [pause, after] of [
      [1000, 2],
      [2000, 3],
      [4000, 4],
      [4000, 5],
    ] as const) {
      tick(pause - 1);
      await save();
      expect(asked()).toBe(after - 1);
      tick(1);
      await Promise.all(Array.from({ length: 20 }, save));
      expect(asked()).toBe(after);
    }
    a.code = undefined;
    tick(4000);
    await save();
    await save();
    expect(asked()).toBe(7);
  });

  it('a clock that is set back does not make a pause longer', async () => {
    const { a, store, tick } = setup();
    a.code = 'unavailable';
    await store.saveReport(report(rawCrash()));
    a.code = undefined;
    const raw = rawCrash();
    await a.inner.saveReport(report(raw));
    tick(-3_600_000);
    expect(await store.readRaw(raw.id)).toEqual(raw);
  });

  it('a container of which one child is down and another answers is not left out', async () => {
    const [a, b, c] = [switched('a'), switched('b'), switched('c')];
    const settings = { pauseMs: 1000, maxPauseMs: 4000, clock: { now: () => new Date(0) } };
    const inner = createFallback('inner', [a.store, b.store], settings);
    const store = full(createFallback('outer', [inner, c.store], settings));
    const raw = rawCrash();
    await a.inner.saveReport(report(raw));
    b.code = 'unavailable';
    await expect(store.readRaw(idOn(DAY))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.readRaw(raw.id)).toEqual(raw);
  });

  it('a failure that speaks of the call does not leave a child out', async () => {
    const { a, store } = setup();
    for (const code of ['not_found', 'full', 'invalid', 'internal'] as const) {
      a.code = code;
      await store.saveReport(report(rawCrash()));
    }
    expect(a.calls.length).toBe(4);
  });

  it('a write that no other child took goes to the one in its pause after all', async () => {
    const { a, b, store } = setup();
    a.code = 'unavailable';
    await store.saveReport(report(rawCrash()));
    b.code = 'full';
    a.code = undefined;
    const raw = rawCrash();
    await store.saveReport(report(raw));
    expect(await a.inner.readRaw(raw.id)).toEqual(raw);
  });

  it('is healthy with one child and names the others', async () => {
    const { a, b, store } = setup();
    expect(await store.health()).toEqual({ degraded: [] });
    a.code = 'unavailable';
    expect(await store.health()).toEqual({ degraded: ['a'] });
    b.code = 'timeout';
    await expect(store.health()).rejects.toBeInstanceOf(AggregateStorageError);
  });

  it('shows in its metrics which child is left out', async () => {
    const gauge = async (child: string): Promise<string | undefined> =>
      (await registry.metrics())
        .split('\n')
        .find((line) => line.startsWith(`auxilio_storage_child_down{store="both",child="${child}"}`))
        ?.split(' ')
        .at(-1);
    const { a, store, tick } = setup();
    expect([await gauge('a'), await gauge('b')]).toEqual(['0', '0']);
    a.code = 'timeout';
    await store.saveReport(report(rawCrash()));
    expect([await gauge('a'), await gauge('b')]).toEqual(['1', '0']);
    a.code = undefined;
    tick(1000);
    await store.saveReport(report(rawCrash()));
    expect(await gauge('a')).toBe('0');
  });

  it('a child that does not answer in time is degraded, and the others are enough', async () => {
    const [a, b] = [switched('a'), switched('b')];
    const silent = layerOver(a.store, 'silent', {
      call: (_call, run) => run(),
      health: (_run, options) => raceSignal(new Promise<never>(() => undefined), options?.signal),
    });
    const store = createFallback('both', [silent, b.store], { pauseMs: 1000, maxPauseMs: 4000 });
    expect(await store.health({ signal: AbortSignal.timeout(20) })).toEqual({ degraded: ['a'] });
    b.code = 'unavailable';
    await expect(store.health({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('a healthy answer ends the pause', async () => {
    const { a, store } = setup();
    a.code = 'unavailable';
    await store.saveReport(report(rawCrash()));
    a.code = undefined;
    await store.health();
    const raw = rawCrash();
    await store.saveReport(report(raw));
    expect(await a.inner.readRaw(raw.id)).toEqual(raw);
  });

  it('removes from every child, also from one in its pause', async () => {
    const { a, b, store } = setup();
    const raw = rawCrash();
    await a.inner.saveReport(report(raw));
    await b.inner.saveReport(report(raw));
    a.code = 'unavailable';
    await expect(store.remove(raw.id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(b.inner.readRaw(raw.id)).rejects.toMatchObject({ code: 'not_found' });
    a.code = undefined;
    expect(await store.remove(raw.id)).toBe(true);
  });

  it('lists what can be listed, then says what could not', async () => {
    const { a, b, store } = setup();
    const raw = rawCrash();
    await b.inner.saveReport(report(raw));
    a.code = 'unavailable';
    const seen: CrashId[] = [];
    const listing = (async () => {
      for await (const id of store.list(DAY)) seen.push(id);
    })();
    await expect(listing).rejects.toMatchObject({ code: 'unavailable' });
    expect(seen).toEqual([raw.id]);
  });

  it("the caller's abort is no failure of a child", async () => {
    const { a, store } = setup();
    const stop = new AbortController();
    const dump = {
      ...textDump('core', 'x'),
      open: () => {
        stop.abort();
        return new Promise<never>(() => undefined);
      },
    };
    await expect(store.saveReport(report(rawCrash(), dump), { signal: stop.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(a.calls).toEqual(['saveReport']);
    const raw = rawCrash();
    await store.saveReport(report(raw));
    expect(await a.inner.readRaw(raw.id)).toEqual(raw);
  });
});
