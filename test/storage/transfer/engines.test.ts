/** Copies into every store that is registered and out of it again, on its real engine where that runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { unlessMissing } from '../../../src/lib/conformance-runner.ts';
import type { StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { titleOf } from '../../../src/storage/conformance/suite.ts';
import type { Capability, Store } from '../../../src/storage/contract.ts';
import { registeredStores } from '../../../src/storage/registry.ts';
import type { Receipt } from '../../../src/storage/transfer/receipt.ts';
import { verifyRun } from '../../../src/storage/transfer/transfers.ts';
import { memory } from '../stores.ts';
import { copy, fill, identity, NEXT_DAY, newBench } from './transfers.ts';

const folder = join(import.meta.dirname, '../../conformance/storage-harnesses');
const COUNT = 12;

async function harnesses(): Promise<readonly StorageHarness[]> {
  const found: StorageHarness[] = [];
  for (const use of registeredStores) {
    const file = join(folder, `${use.replaceAll('_', '-')}.ts`);
    if (!existsSync(file)) continue;
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly default: readonly StorageHarness[];
    };
    found.push(...loaded.default);
  }
  return found;
}

const verify = async (a: Store, b: Store): Promise<Receipt> =>
  (await verifyRun(identity('verify'), [a, b], { oneWay: false }, await newBench())).run({});

const all = await harnesses();

describe('copy, on every store', () => {
  for (const harness of all) {
    const has = (...wanted: readonly Capability[]): boolean => !wanted.some((c) => harness.lacks.includes(c));
    if (!has('report.write') && !has('processed.write')) continue;
    const isReadable = has('raw.read', 'dumps.read', 'list');
    const title = `${titleOf(harness)}: in${isReadable ? ', compared, and out again' : ''}`;
    unlessMissing({ describe, it }, harness.missing).it(
      title,
      async () => {
        const source = memory('source');
        await fill(source, COUNT);
        await fill(source, 3, { day: NEXT_DAY, processed: false });
        const { store, dispose } = await harness.open();
        try {
          const receipt = await copy(source, store, await newBench());
          expect(receipt.differences).toEqual([]);
          expect(receipt.counts).toMatchObject({
            reports: has('report.write') ? COUNT + 3 : 0,
            processed: has('processed.write') ? COUNT : 0,
          });
          if (!isReadable) return;
          expect(receipt.counts.uncompared).toBe(0);
          expect((await verify(source, store)).differences).toEqual([]);
          const back = memory('back');
          expect((await copy(store, back, await newBench())).differences).toEqual([]);
          expect((await verify(source, back)).counts).toMatchObject({ crashes: COUNT + 3, differences: 0 });
        } finally {
          await dispose();
        }
      },
      300_000,
    );
  }
});
