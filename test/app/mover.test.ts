/** `auxilio mover` as its users run it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isoDay } from '../../src/lib/clock.ts';
import { fillStore, idsIn, type Site, site } from './transfer-site.ts';

const COUNT = 50;
const TODAY = isoDay(new Date());

let at: Site;
beforeAll(async () => {
  at = await site();
  await at.using('crashes', (store) => fillStore(store, COUNT, TODAY));
});
afterAll(() => at.dispose());

const PAIR = ['mover', '--from', 'crashes', '--to', 'archive'] as const;
const movedLines = async (): Promise<number> =>
  (await at.transferFile('.moved'))?.split('\n').filter(Boolean).length ?? 0;

describe('mover', () => {
  it('killed in the middle it goes on with the rest, and then has nothing to do', async () => {
    await at.killed([...PAIR, '--rate', '15', '--concurrency', '3'], async () =>
      (await movedLines()) >= 10 ? true : undefined,
    );
    const known = await movedLines();
    expect(known).toBeLessThan(COUNT);
    const { code, stdout } = await at.run(...PAIR, '--once');
    expect([code, stdout.trim()]).toEqual([
      0,
      `${COUNT - known} moved, 0 taken out of crashes, 0 differences`,
    ]);
    expect(await at.using('archive', (store) => idsIn(store, TODAY))).toEqual(
      await at.using('crashes', (store) => idsIn(store, TODAY)),
    );
    expect((await at.run(...PAIR, '--once')).stdout).toContain('0 moved');
  }, 300_000);

  it('with --remove it empties the source, with what came meanwhile', async () => {
    const before = await at.using('crashes', async (store) => {
      await fillStore(store, 3, TODAY);
      return idsIn(store, TODAY);
    });
    const { code, stdout } = await at.run('mover', '--from', 'crashes', '--to', 'copy', '--once', '--remove');
    expect([code, stdout.trim()]).toEqual([
      0,
      `${COUNT + 3} moved, ${COUNT + 3} taken out of crashes, 0 differences`,
    ]);
    expect(await at.using('crashes', (store) => idsIn(store, TODAY))).toEqual([]);
    expect(await at.using('copy', (store) => idsIn(store, TODAY))).toEqual(before);
  }, 300_000);

  it('says what it was not told, and what cannot be', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['mover', '--from', 'crashes'], 2, /--from and --to name the two stores/],
      [['mover', '--from', 'mirror', '--to', 'crashes', '--once'], 1, /mirror: it cannot list/],
      [
        ['mover', '--from', 'crashes', '--to', 'mirror', '--once', '--remove'],
        1,
        /mirror: it cannot be read back/,
      ],
      [[...PAIR, '--every', 'often'], 2, /--every is like/],
    ];
    const results = await Promise.all(cases.map(([args]) => at.run(...args)));
    for (const [i, [, code, message]] of cases.entries())
      expect([results[i]?.code, results[i]?.stderr]).toEqual([code, expect.stringMatching(message)]);
  }, 300_000);
});
