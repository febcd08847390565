import { describe, expect, it, vi } from 'vitest';
import { AbortedError, isAborted, raceSignal, sleep, throwIfAborted } from '../../src/lib/abort.ts';

describe('raceSignal', () => {
  it('gives the result, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    expect(await raceSignal(Promise.resolve(1), signal)).toBe(1);
    await expect(raceSignal(Promise.reject(new Error('x')), signal)).rejects.toThrow('x');
    expect(remove).toHaveBeenCalledTimes(2);
  });

  it('rejects when the signal is first, with its reason as the cause', async () => {
    const controller = new AbortController();
    const race = raceSignal(new Promise(() => undefined), controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(race).rejects.toMatchObject({ code: 'aborted', cause: reason });
  });

  it('looks after work that fails later, also when the signal had aborted before', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): number => unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    const work = Promise.withResolvers<void>();
    await expect(raceSignal(work.promise, AbortSignal.abort())).rejects.toBeInstanceOf(AbortedError);
    work.reject(new Error('late'));
    await new Promise(setImmediate);
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});

describe('sleep', () => {
  it('ends as soon as the signal aborts', async () => {
    const controller = new AbortController();
    const sleeping = sleep(3_600_000, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted' });
    await expect(sleep(0, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    await sleep(0);
  });

  it('sleeps for months without waking at once, as a single timer would', async () => {
    const controller = new AbortController();
    let isAwake = false;
    const sleeping = sleep(90 * 86_400_000, { signal: controller.signal })
      .then(() => {
        isAwake = true;
      })
      .catch(() => undefined);
    await sleep(20);
    expect(isAwake).toBe(false);
    controller.abort();
    await sleeping;
  });
});

describe('isAborted', () => {
  it('knows our aborts and those of the platform, and nothing else', () => {
    expect(isAborted(new AbortedError('x'))).toBe(true);
    expect(isAborted(AbortSignal.abort().reason)).toBe(true);
    expect(isAborted(Object.assign(new Error('x'), { code: 'aborted' }))).toBe(true);
    expect(isAborted(new Error('aborted'))).toBe(false);
    expect(isAborted('aborted')).toBe(false);
  });

  it('throwIfAborted throws only then', () => {
    throwIfAborted();
    throwIfAborted(new AbortController().signal);
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(AbortedError);
  });
});
