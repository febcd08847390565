import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../../src/model/crash-id.ts';
import { DAY, processedCrash, rawCrash, report, textDump } from '../../../src/storage/conformance/inputs.ts';
import type { Store } from '../../../src/storage/contract.ts';
import { daysBetween, idPage, type Sample, sampler } from '../../../src/storage/transfer/ids.ts';
import type { Receipt } from '../../../src/storage/transfer/receipt.ts';
import { copyRun, verifyRun } from '../../../src/storage/transfer/transfers.ts';
import { memory, switched } from '../stores.ts';
import { fill, identity, idsOf, NEXT_DAY, newBench, only } from './transfers.ts';

async function verify(
  a: Store,
  b: Store,
  how: { readonly sample?: Sample; readonly oneWay?: boolean } = {},
): Promise<Receipt> {
  const at = await newBench();
  return (await verifyRun(identity('verify'), [a, b], { oneWay: false, ...how }, at)).run({});
}

async function twins(count: number) {
  const [a, b] = [memory('a'), memory('b')];
  const raws = await fill(a, count);
  const copied = await copyRun(identity('copy'), a, b, await newBench()).run({});
  return { a, b, raws, copied };
}

describe('store verify', () => {
  it('finds nothing between equals, has the digest of the copy, and writes nothing', async () => {
    const { a, b, copied } = await twins(12);
    const watched = switched('b');
    for await (const id of b.list(DAY)) await copyOne(b, watched.inner, id);
    const receipt = await verify(a, watched.store);
    expect(receipt.counts).toMatchObject({ crashes: 12, differences: 0 });
    expect(receipt.digest).toBe(copied.digest);
    expect(watched.calls.filter((method) => /^(save|remove|put|apply|drop)/.test(method))).toEqual([]);
  });

  it('finds every kind of difference, on both sides', async () => {
    const { a, b, raws } = await twins(8);
    const [dump, raw, processed, gone, result, moreDumps] = raws;
    if (!dump || !raw || !processed || !gone || !result || !moreDumps) throw new Error('too few crashes');
    await b.saveReport(report(dump, textDump('core', 'tampered'), textDump('log', '')));
    await b.saveReport(report(rawCrash({ Other: 'x' }, raw.id), textDump('core', '1'), textDump('log', '')));
    await b.saveProcessed(processed, processedCrash(processed.id, { signature: 'other' }));
    await b.remove(gone.id);
    await a.remove(result.id);
    await b.remove(moreDumps.id);
    await b.saveReport(report(moreDumps, textDump('extra', '')));
    const { differences, counts } = await verify(a, b);
    const found = new Map<string, string[]>();
    for (const { id, part, what } of differences)
      found.set(id, [...(found.get(id) ?? []), `${part} ${what}`]);
    expect(Object.fromEntries(found)).toEqual({
      [dump.id]: ['dump core different'],
      [raw.id]: ['raw different', 'dump core different'],
      [processed.id]: ['processed different'],
      [gone.id]: ['raw missing', 'processed missing'],
      [result.id]: ['raw extra', 'dump core extra', 'dump log extra', 'processed extra'],
      [moreDumps.id]: ['dump core missing', 'dump log missing', 'dump extra extra', 'processed missing'],
    });
    expect(counts).toMatchObject({ crashes: 8, differing: 6 });
    const oneWay = await verify(a, b, { oneWay: true });
    expect(oneWay.differences.some(({ id }) => id === result.id)).toBe(false);
    expect(oneWay.counts.differing).toBe(5);
  });

  it('a number or a share of the crashes, the same ones each time', async () => {
    const { a, b } = await twins(60);
    const ten = await verify(a, b, { sample: { count: 10 } });
    expect(ten.counts.crashes).toBe(10);
    expect((await verify(a, b, { sample: { count: 10 } })).digest).toBe(ten.digest);
    expect((await verify(a, b, { sample: { count: 500 } })).counts.crashes).toBe(60);
    const part = (await verify(a, b, { sample: { percent: 50 } })).counts.crashes;
    expect(part).toBeGreaterThan(10);
    expect(part).toBeLessThan(50);
  });

  it('says what it cannot look at', async () => {
    const { a, b } = await twins(2);
    expect((await verify(a, only(b, 'raw.read', 'dumps.read'))).notes).toEqual([
      'processed crashes are not compared: they cannot be read on both sides',
      'b has no list: what only it has is not looked for',
    ]);
    await expect(verify(a, only(b, 'report.write'))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(verify(only(a, 'raw.read', 'dumps.read'), b)).rejects.toThrow(/cannot list its crashes/);
  });
});

async function copyOne(
  from: ReturnType<typeof memory>,
  to: ReturnType<typeof memory>,
  id: string,
): Promise<void> {
  const crash = id as Awaited<ReturnType<typeof idsOf>>[number];
  const dumps = await Promise.all(
    (await from.listDumps(crash)).map(({ name }) => from.readDump(crash, name)),
  );
  const raw = await from.readRaw(crash);
  await to.saveReport(report(raw, ...dumps));
  await to.saveProcessed(raw, await from.readProcessed(crash));
}

describe('ids of a period', () => {
  it('days, both ends included', () => {
    expect(daysBetween('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
    expect(daysBetween('2026-03-02', '2026-03-01')).toEqual([]);
  });

  it('pages of a day, sorted, none twice and none missing, of several stores and whatever the size', async () => {
    const [a, b] = [memory('a'), memory('b')];
    const ids = Array.from({ length: 57 }, () => createCrashId(new Date(`${DAY}T00:00:00Z`)));
    for (const [i, id] of ids.entries()) {
      if (i % 3 !== 0) await a.saveReport(report(rawCrash({}, id)));
      if (i % 3 !== 1) await b.saveReport(report(rawCrash({}, id)));
    }
    for (const most of [1, 7, 57, 1000]) {
      const seen: string[] = [];
      for (let more = true; more; ) {
        const page = await idPage([a, b], DAY, seen.at(-1) ?? '', {}, most);
        expect(page.ids.length).toBeLessThanOrEqual(most);
        seen.push(...page.ids);
        more = page.more;
      }
      expect(seen).toEqual([...ids].sort());
    }
  });

  it('a sample by number is spread over all days', async () => {
    const a = memory('a');
    await fill(a, 100, { processed: false });
    await fill(a, 100, { day: NEXT_DAY, processed: false });
    const chosen = await sampler({ count: 40 }, [a], [DAY, NEXT_DAY], {});
    const of = async (day: string): Promise<number> => (await idsOf(a, day)).filter(chosen).length;
    expect((await of(DAY)) + (await of(NEXT_DAY))).toBe(40);
    expect(await of(DAY)).toBeGreaterThan(5);
    expect(await of(NEXT_DAY)).toBeGreaterThan(5);
  });
});
