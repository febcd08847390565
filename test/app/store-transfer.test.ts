/** `auxilio store copy`, `verify` and `drain` as their users run them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, DAY, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { Receipt } from '../../src/storage/transfer/receipt.ts';
import { fillStore, idsIn, type Site, site } from './transfer-site.ts';

const COUNT = 60;
const PERIOD = ['--since', DAY, '--until', DAY] as const;

interface StateFile {
  readonly tally: { readonly counts: { readonly crashes: number; readonly removed: number } };
}

let at: Site;
beforeAll(async () => {
  at = await site();
  await at.using('crashes', (store) => fillStore(store, COUNT));
});
afterAll(() => at.dispose());

const receiptOf = async (file: string): Promise<Receipt> =>
  JSON.parse(await readFile(join(at.dataDir, file), 'utf8')) as Receipt;

const halfWay = (kind: string) => async (): Promise<true | undefined> => {
  const text = await at.transferFile('.state.json');
  const { counts } = text ? (JSON.parse(text) as StateFile).tally : { counts: { crashes: 0, removed: 0 } };
  return (kind === 'drain' ? counts.removed : counts.crashes) >= 10 ? true : undefined;
};

describe('store copy and verify', () => {
  it('killed in the middle and run again: everything is there, each crash counted once', async () => {
    await at.killed(
      ['store', 'copy', 'crashes', 'archive', ...PERIOD, '--rate', '15', '--concurrency', '3'],
      halfWay('copy'),
    );
    const there = await at.using('archive', (store) => idsIn(store));
    expect(there.length).toBeGreaterThanOrEqual(10);
    expect(there.length).toBeLessThan(COUNT);
    const { code, stdout } = await at.run(
      'store',
      'copy',
      'crashes',
      'archive',
      ...PERIOD,
      '--receipt',
      'r.json',
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('in 2 runs')]);
    const receipt = await receiptOf('r.json');
    expect(receipt).toMatchObject({
      kind: 'copy',
      from: 'crashes',
      to: 'archive',
      since: DAY,
      until: DAY,
      runs: 2,
    });
    expect(receipt.counts).toMatchObject({
      crashes: COUNT,
      reports: COUNT,
      processed: COUNT,
      differences: 0,
    });
    expect(await at.transferFile('.state.json')).toBeUndefined();
    const same = await at.run('store', 'verify', 'crashes', 'archive', ...PERIOD, '--receipt', 'v.json');
    expect(same.code).toBe(0);
    expect((await receiptOf('v.json')).digest).toBe(receipt.digest);
    expect(stdout).toContain(receipt.digest);
  }, 300_000);

  it.each([
    ['.', '--receipt . is a folder, not a file'],
    ['no/r.json', '--receipt no/r.json: there is no folder '],
  ])(
    'a receipt that cannot be written to %s is said before anything is copied',
    async (file, said) => {
      const { code, stdout, stderr } = await at.run(
        ...['store', 'verify', 'crashes', 'archive', ...PERIOD, '--receipt', file],
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(said);
    },
    60_000,
  );

  it('verify ends with 1 and names what differs; copy mends it', async () => {
    const [first, second] = await at.using('archive', (store) => idsIn(store));
    if (!first || !second) throw new Error('the archive is empty');
    await at.using('archive', async (store) => {
      await store.remove(first);
      await store.saveReport(report(await store.readRaw(second), textDump('core', 'tampered')));
    });
    const verified = await at.run('store', 'verify', 'crashes', 'archive', ...PERIOD);
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain('3 differences in 2 crashes');
    for (const line of [`${first} raw: missing in archive`, `${second} dump core: different in archive`])
      expect(verified.stderr).toContain(line);
    expect((await at.run('store', 'copy', 'crashes', 'archive', ...PERIOD)).code).toBe(0);
    const mended = await at.using('archive', async (store) => bytesOf(await store.readDump(second, 'core')));
    expect(mended.toString()).toBe(`core of ${second}`);
  }, 300_000);

  it('refuses in words what it cannot do, and what it was not told', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['copy', 'mirror', 'archive', ...PERIOD], 1, /mirror: it cannot list its crashes by day/],
      [['copy', 'crashes', 'crashes', ...PERIOD], 2, /both source and target/],
      [['copy', 'crashes', 'archive'], 2, /--since is missing/],
      [['copy', 'crashes', 'archive', '--since', '2026-02-30'], 2, /--since is a day/],
      [['verify', 'crashes', 'archive', ...PERIOD, '--sample', '0%'], 2, /--sample/],
      [['copy', 'crashes', 'archvie', ...PERIOD], 1, /there is no store archvie; did you mean archive/],
    ];
    const results = await Promise.all(cases.map(([args]) => at.run('store', ...args)));
    for (const [i, [, code, message]] of cases.entries())
      expect([results[i]?.code, results[i]?.stderr]).toEqual([code, expect.stringMatching(message)]);
    for (const { stderr } of results) expect(stderr.trim().split('\n')).toHaveLength(1);
  }, 300_000);
});

describe('store drain', () => {
  it('killed in the middle and run again: all of it is in the first, and the spare is empty', async () => {
    const before = await at.using('crashes', (store) => idsIn(store));
    await at.killed(
      ['store', 'drain', 'crashes', 'copy', '--since', DAY, '--rate', '15', '--concurrency', '3'],
      halfWay('drain'),
    );
    const left = await at.using('crashes', (store) => idsIn(store));
    const moved = await at.using('copy', (store) => idsIn(store));
    expect(left.length).toBeLessThan(COUNT);
    expect(left.length).toBeGreaterThan(0);
    expect([...new Set([...left, ...moved])].sort()).toEqual(before);
    const { code, stdout } = await at.run('store', 'drain', 'crashes', 'copy', '--since', DAY);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${left.length} taken out of crashes`)]);
    expect(await at.using('crashes', (store) => idsIn(store))).toEqual([]);
    await at.using('copy', async (store) => {
      expect(await idsIn(store)).toEqual(before);
      for (const id of before) {
        expect((await bytesOf(await store.readDump(id, 'core'))).toString()).toBe(`core of ${id}`);
        expect((await store.readProcessed(id)).id).toBe(id);
      }
    });
  }, 300_000);
});
