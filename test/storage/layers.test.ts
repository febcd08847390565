import { getEventListeners } from 'node:events';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Metric } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { AbortedError } from '../../src/lib/abort.ts';
import { silentLog } from '../../src/lib/log.ts';
import { registry } from '../../src/lib/metrics.ts';
import {
  collect,
  DAY,
  processedCrash,
  rawCrash,
  report,
  textDump,
} from '../../src/storage/conformance/inputs.ts';
import type { FullStore, Store } from '../../src/storage/contract.ts';
import { type ExecutorKind, withExecutor } from '../../src/storage/layers/executor.ts';
import { layerOver } from '../../src/storage/layers/layer.ts';
import { withMetrics } from '../../src/storage/layers/metrics.ts';
import { withOptional } from '../../src/storage/layers/optional.ts';
import { redact, withRedactor } from '../../src/storage/layers/redactor.ts';
import { memory, switched } from './stores.ts';

const full = (store: Store): FullStore => store as FullStore;

function logLines(): { readonly lines: Record<string, unknown>[]; readonly log: typeof silentLog } {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, log: pino({ base: null }, sink) };
}

describe('executor', () => {
  const setup = (kind: ExecutorKind, delaysMs: readonly number[], healsAfter = Number.POSITIVE_INFINITY) => {
    const { lines, log } = logLines();
    const inner = switched('inner');
    const waits: number[] = [];
    const wait = async (ms: number, { signal }: { signal?: AbortSignal | undefined }): Promise<void> => {
      waits.push(ms);
      if (waits.length >= healsAfter) inner.code = undefined;
      if (waits.length > 1000) throw new Error('endless');
      if (signal?.aborted) throw new AbortedError('aborted');
    };
    const store = full(withExecutor(inner.store, { kind, delaysMs, logEveryMs: 10_000, log, wait }));
    return { inner, waits, lines, store };
  };

  it('limited: once more after each delay, and no sleep after the last failure', async () => {
    const { inner, waits, store } = setup('limited', [1000, 2000, 3000]);
    inner.code = 'unavailable';
    await expect(store.saveReport(report(rawCrash()))).rejects.toMatchObject({ code: 'unavailable' });
    expect(inner.calls.length).toBe(4);
    expect(waits).toEqual([1000, 2000, 3000]);
  });

  it('goes on as soon as the store is back', async () => {
    const { inner, waits, store } = setup('infinite', [1000, 30_000], 12);
    inner.code = 'timeout';
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('core', 'again from the first byte')));
    expect(await inner.inner.readRaw(raw.id)).toEqual(raw);
    expect(waits.slice(0, 7)).toEqual([1000, 10_000, 10_000, 10_000, 10_000, 10_000, 10_000]);
  });

  it('says at least every ten seconds that it waits', async () => {
    const { inner, lines, store } = setup('limited', [25_000]);
    inner.code = 'full';
    await store.saveReport(report(rawCrash())).catch(() => undefined);
    expect(lines.map((l) => l['nextInMs'])).toEqual([25_000, 15_000, 5000]);
    expect(lines[0]).toMatchObject({ store: 'inner', method: 'saveReport', code: 'full', failures: 1 });
  });

  it('none, and errors that do not pass, are raised at once', async () => {
    for (const [kind, code] of [
      ['none', 'unavailable'],
      ['infinite', 'permission_denied'],
      ['infinite', 'not_found'],
    ] as const) {
      const { inner, waits, store } = setup(kind, [1]);
      inner.code = code;
      await expect(store.readRaw(rawCrash().id)).rejects.toMatchObject({ code });
      expect([inner.calls.length, waits.length]).toEqual([1, 0]);
    }
  });

  it('stops waiting when the signal aborts', async () => {
    const inner = switched('inner');
    const options = {
      kind: 'infinite',
      delaysMs: [3_600_000],
      logEveryMs: 3_600_000,
      log: silentLog,
    } as const;
    const store = full(withExecutor(inner.store, options));
    inner.code = 'unavailable';
    const stop = new AbortController();
    const saving = store.saveReport(report(rawCrash()), { signal: stop.signal });
    while (inner.calls.length === 0) await new Promise(setImmediate);
    stop.abort();
    await expect(saving).rejects.toMatchObject({ code: 'aborted' });
  });

  it('a process that is to end waits no more: what failed is raised, in mid-wait and from then on', async () => {
    const inner = switched('inner');
    const quit = new AbortController();
    const options = { kind: 'infinite', delaysMs: [3_600_000], logEveryMs: 10_000, log: silentLog } as const;
    const store = full(withExecutor(inner.store, { ...options, quit: quit.signal }));
    inner.code = 'unavailable';
    const calls = [store.saveReport(report(rawCrash())), store.readRaw(rawCrash().id)];
    while (inner.calls.length < 2) await new Promise(setImmediate);
    quit.abort();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.readRaw(rawCrash().id)).rejects.toMatchObject({ code: 'unavailable' });
    inner.code = undefined;
    await store.saveReport(report(rawCrash()));
  });

  it('closing it ends a wait that would never end', async () => {
    const inner = switched('inner');
    const options = { kind: 'infinite', delaysMs: [3_600_000], logEveryMs: 10_000, log: silentLog } as const;
    const store = full(withExecutor(inner.store, options));
    inner.code = 'timeout';
    const saving = store.saveReport(report(rawCrash()));
    while (inner.calls.length === 0) await new Promise(setImmediate);
    await Promise.all([store.close(), expect(saving).rejects.toMatchObject({ code: 'timeout' })]);
  });

  it('repeats a list until its first piece', async () => {
    const { inner, waits, store } = setup('limited', [5, 5], 2);
    const raw = rawCrash();
    await inner.inner.saveReport(report(raw));
    inner.code = 'unavailable';
    expect(await collect(store.list(DAY))).toEqual([raw.id]);
    expect(waits).toEqual([5, 5]);
  });
});

describe('redactor', () => {
  const crash = processedCrash(rawCrash().id, {
    url: 'https://secret',
    json_dump: { sensitive: { exploitability: 'high' }, status: 'OK' },
    'a.b': 1,
    list: [{ url: 'a' }, [{ url: 'b', kept: 1 }], 'url', null],
    same: [{ other: 1 }],
  });

  it('drops dotted paths and nothing else, and leaves its input alone', () => {
    const { url: _url, ...rest } = crash;
    const redacted = redact(crash, [
      'url',
      'json_dump.sensitive',
      'nothing.here',
      'signature.deep',
      'list.url',
      'same.url',
    ]);
    const list = [{}, [{ kept: 1 }], 'url', null];
    expect(redacted).toEqual({ ...rest, json_dump: { status: 'OK' }, list });
    expect(redacted['same']).toBe(crash['same']);
    expect(crash['url']).toBe('https://secret');
  });

  it('takes names of prototypes for names', () => {
    const odd = JSON.parse('{"id":"x","__proto__":{"url":1,"b":2},"constructor":{"name":1}}') as typeof crash;
    const paths = ['__proto__.url', 'constructor.name', 'toString.call', 'hasOwnProperty'];
    expect(JSON.stringify(redact(odd, paths))).toBe('{"id":"x","__proto__":{"b":2},"constructor":{}}');
  });

  it('saves the redacted crash', async () => {
    const inner = memory();
    const store = full(withRedactor(inner, { forbiddenKeys: ['url', 'json_dump.sensitive.exploitability'] }));
    const raw = rawCrash();
    await store.saveProcessed(raw, { ...crash, id: raw.id });
    const saved = await inner.readProcessed(raw.id);
    expect('url' in saved).toBe(false);
    expect(saved.json_dump).toEqual({ sensitive: {}, status: 'OK' });
  });
});

describe('optional', () => {
  const count = async (): Promise<number> => {
    const metric = registry.getSingleMetric('auxilio_storage_optional_failures_total');
    const { values } = (await (metric as Metric).get()) as unknown as { values: { value: number }[] };
    return values.reduce((sum, v) => sum + v.value, 0);
  };

  it('counts and logs failed writes and never raises them', async () => {
    const { lines, log } = logLines();
    const inner = switched('mirror');
    const store = full(withOptional(inner.store, { timeoutMs: 60_000, log }));
    inner.code = 'unavailable';
    const before = await count();
    const raw = rawCrash({ Secret: 'annotation value' });
    await store.saveReport(report(raw));
    await store.saveProcessed(raw, processedCrash(raw.id));
    await store.putBlob('k', textDump('x', 'y'));
    expect(await count()).toBe(before + 3);
    expect(lines.map((l) => [l['store'], l['method'], l['code'], l['crash']])).toEqual([
      ['mirror', 'saveReport', 'unavailable', raw.id],
      ['mirror', 'saveProcessed', 'unavailable', raw.id],
      ['mirror', 'putBlob', 'unavailable', undefined],
    ]);
    expect(JSON.stringify(lines)).not.toContain('annotation value');
  });

  it('raises what reads and removals say', async () => {
    const inner = switched('mirror');
    const store = full(withOptional(inner.store, { timeoutMs: 60_000, log: silentLog }));
    inner.code = 'unavailable';
    const { id } = rawCrash();
    await expect(store.readRaw(id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.remove(id)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(collect(store.list(DAY))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('does not hold up the main way: a write that hangs is given up', async () => {
    const store = full(withOptional(memory('mirror'), { timeoutMs: 5, log: silentLog }));
    const hanging = { ...textDump('core', 'x'), open: () => new Promise<never>(() => undefined) };
    await store.saveReport(report(rawCrash(), hanging));
  });

  it('starts no more writes while many that were given up have not ended', async () => {
    const stuck = Promise.withResolvers<void>();
    let started = 0;
    const inner = layerOver(memory('mirror'), 'stuck', {
      async call(_call, run) {
        started += 1;
        await stuck.promise;
        return run();
      },
    });
    const { lines, log } = logLines();
    const store = full(withOptional(inner, { timeoutMs: 1, log }));
    const raw = rawCrash();
    for (let i = 0; i < 40; i += 1) await store.saveProcessed(raw, processedCrash(raw.id));
    expect(started).toBe(16);
    expect(lines.map((line) => line['code'])).toEqual([
      ...Array.from({ length: 16 }, () => 'timeout'),
      ...Array.from({ length: 24 }, () => 'unavailable'),
    ]);
    stuck.resolve();
    await new Promise(setImmediate);
    await store.saveProcessed(raw, processedCrash(raw.id));
    expect(started).toBe(17);
  });

  it('keeps no timer and no listener of a write that is over', async () => {
    const store = full(withOptional(memory('mirror'), { timeoutMs: 60_000, log: silentLog }));
    const { signal } = new AbortController();
    const raw = rawCrash();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await store.saveProcessed(raw, processedCrash(raw.id), { signal });
    expect(timers()).toBe(before);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is degraded, not down', async () => {
    const inner = switched('mirror');
    const store = withOptional(inner.store, { timeoutMs: 60_000, log: silentLog });
    inner.code = 'unavailable';
    expect(await store.health()).toEqual({ degraded: ['mirror'] });
  });
});

describe('metrics', () => {
  it('count calls by outcome and bytes, by store and method', async () => {
    const inner = switched('measured');
    const store = full(withMetrics(inner.store));
    const raw = rawCrash();
    await store.saveReport(report(raw, textDump('a', '12345'), textDump('b', '123')));
    await store.readDump(raw.id, 'a');
    await store.readRaw(rawCrash().id).catch(() => undefined);
    inner.code = 'timeout';
    await collect(store.list(DAY)).catch(() => undefined);
    const text = await registry.metrics();
    for (const line of [
      'auxilio_storage_calls_total{store="measured",method="saveReport",outcome="ok"} 1',
      'auxilio_storage_calls_total{store="measured",method="readRaw",outcome="not_found"} 1',
      'auxilio_storage_calls_total{store="measured",method="list",outcome="timeout"} 1',
      'auxilio_storage_bytes_total{store="measured",method="saveReport"} 8',
      'auxilio_storage_bytes_total{store="measured",method="readDump"} 5',
      'auxilio_storage_call_seconds_count{store="measured",method="saveReport"} 1',
    ]) {
      expect(text).toContain(line);
    }
  });
});
