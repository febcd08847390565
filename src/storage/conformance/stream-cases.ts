import assert from 'node:assert/strict';
import type { Case, StorageHarness } from './harness.ts';
import { generatedDump, rawCrash, report } from './inputs.ts';
import { growthDuring } from './memory-growth.ts';

const MIB = 1024 * 1024;
const SIZE = 256 * MIB;
const LIMIT = 64 * MIB;

export function streamCases(test: Case, harness: StorageHarness): void {
  const skip = !harness.streams && 'its harness does not say streams: true';
  const options = {
    needs: ['report.write'],
    reads: ['dumps.read'],
    skip,
    timeoutMs: 300_000,
  } as const;

  test('[stream] 256 MB in and out at constant memory', options, async ({ store, reader }) => {
    const raw = rawCrash();
    const chunk = Buffer.alloc(64 * 1024, 'auxilio ');
    const dump = generatedDump('core', SIZE, function* () {
      for (let sent = 0; sent < SIZE; sent += chunk.length) yield chunk;
    });
    const grown = await growthDuring(async () => {
      await store.saveReport(report(raw, dump));
      let read = 0;
      for await (const piece of await (await reader.readDump(raw.id, 'core')).open())
        read += (piece as Buffer).length;
      assert.equal(read, SIZE);
    });
    assert.ok(grown < LIMIT, `RSS grew by ${Math.round(grown / MIB)} MiB`);
  });

  test('[stream] reading may be stopped early', options, async ({ store, reader }) => {
    const raw = rawCrash();
    const size = 8 * MIB;
    await store.saveReport(
      report(
        raw,
        generatedDump('core', size, () => [Buffer.alloc(size, 1)]),
      ),
    );
    const dump = await reader.readDump(raw.id, 'core');
    for (let i = 0; i < 50; i += 1) {
      for await (const piece of await dump.open()) {
        assert.ok(piece);
        break;
      }
    }
    await store.close();
  });
}
