/** What `auxilio config --check` and the heartbeats say of each store. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { App } from '../../src/app/app.ts';
import { collectorHealth, type HealthCheck, statesOf, storesHealth } from '../../src/app/health.ts';
import { AbortedError } from '../../src/lib/abort.ts';
import { StorageError } from '../../src/storage/errors.ts';

const store = (health: () => Promise<unknown>) => ({ health });
const never = (): Promise<never> => new Promise(() => undefined);

function appWith(stores: Readonly<Record<string, ReturnType<typeof store>>>, more: Partial<App> = {}): App {
  return {
    configuration: { stores: new Map(Object.keys(stores).map((name) => [name, {}])) },
    stores: async () => ({ get: async (name: string) => stores[name] }),
    queue: async () => store(async () => undefined),
    database: async () => store(async () => undefined),
    ...more,
  } as unknown as App;
}

it('lists each store once by name, with its reason', async () => {
  const app = appWith(
    {
      well: store(async () => ({ degraded: [] })),
      half: store(async () => ({ degraded: ['spare'] })),
      down: store(async () => {
        throw new StorageError('unavailable', 'down', 'nobody answers');
      }),
    },
    { queue: () => Promise.reject(new Error('it is away')) },
  );
  expect(await storesHealth(app)).toEqual({
    well: 'ok',
    half: 'degraded: spare',
    down: 'nobody answers [unavailable]',
    queue: 'it is away',
  });
});

it('a store with the name of something else hides no fault, and none of it is hidden', async () => {
  const away = store(() => Promise.reject(new Error('it is away')));
  expect(await storesHealth(appWith({ queue: away }))).toEqual({ queue: 'it is away' });
  const app = appWith({ queue: store(async () => undefined) }, { queue: async () => away as never });
  expect(await storesHealth(app)).toEqual({ queue: 'it is away' });
});

it('a collector lists its database, and what stands still hides nobody', async () => {
  const app = appWith(
    { well: store(async () => ({ degraded: [] })), frozen: store(never) },
    { queue: never, database: () => Promise.reject(new Error('the password is wrong')) },
  );
  expect(await collectorHealth(app, { openMs: 50, answerMs: 50 })).toEqual({
    well: 'ok',
    frozen: 'no answer within 0.05 s',
    queue: 'no answer within 0.05 s',
    database: 'the password is wrong',
  });
});

describe('checks', () => {
  const well: HealthCheck = { name: 'well', open: async () => store(async () => undefined) };

  it('the time that one takes to open is not counted against the others', async () => {
    const slow: HealthCheck = {
      name: 'slow',
      open: async () => {
        await delay(300);
        return store(async () => undefined);
      },
    };
    const asked: HealthCheck = { name: 'asked', open: async () => store(() => delay(20)) };
    const states = await statesOf([slow, asked, well], { openMs: 5_000, answerMs: 250 });
    expect(states.map(({ text }) => text)).toEqual(['ok', 'ok', 'ok']);
  });

  it('what a call says when its limit ended it is no answer', async () => {
    const polite: HealthCheck = {
      name: 'polite',
      open: async () => ({
        health: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new StorageError('aborted', 'polite', 'aborted')));
          }),
      }),
    };
    const states = await statesOf([polite, well], { openMs: 1_000, answerMs: 20 });
    expect(states).toEqual([
      { name: 'polite', isWell: false, text: 'no answer within 0.02 s', isLate: true },
      { name: 'well', isWell: true, text: 'ok', isLate: false },
    ]);
  });

  it('end when the caller wants them to, also while one opens for ever', async () => {
    const stop = new AbortController();
    const stuck: HealthCheck = { name: 'stuck', open: never };
    const asking = statesOf([stuck, well], { openMs: 60_000, answerMs: 60_000, signal: stop.signal });
    stop.abort();
    await expect(asking).rejects.toThrow(AbortedError);
  });
});
