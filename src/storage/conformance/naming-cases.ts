import assert from 'node:assert/strict';
import type { Case } from './harness.ts';
import { bytesOf, rawCrash, report, textDump } from './inputs.ts';

/** Names of form parts are the client's: any text. Some differ in case only, which file systems may fold. */
export const ODD_NAMES: readonly string[] = [
  'a b',
  'ü',
  'u\u0308',
  '💥',
  '../x',
  '../../../../etc/passwd',
  '/etc/passwd',
  'a/b',
  'a/../b',
  '..',
  '.',
  '%2e',
  '%2E%2e',
  '%',
  'a\\b',
  'C:\\x',
  'con',
  'x.',
  ' ',
  '',
  'tab\there',
  'line\nbreak',
  'nul\u0000l',
  'quote"\'',
  'raw.json',
  'dump',
  'core',
  'Core',
  'CORE',
  'x'.repeat(255),
  `${'x'.repeat(254)}y`,
  'ä'.repeat(255),
  '/'.repeat(255),
  '\u0001'.repeat(255),
];

export function namingCases(test: Case): void {
  const needs = { needs: ['report.write'], reads: ['raw.read', 'dumps.read'] } as const;

  test('dumps of any name lie side by side in one crash', needs, async ({ store, reader }) => {
    const raw = rawCrash();
    await store.saveReport(report(raw, ...ODD_NAMES.map((name, i) => textDump(name, `bytes of ${i}`))));
    const infos = await reader.listDumps(raw.id);
    assert.deepEqual(infos.map((d) => d.name).sort(), [...ODD_NAMES].sort());
    for (const [i, name] of ODD_NAMES.entries()) {
      const dump = await reader.readDump(raw.id, name);
      assert.equal(dump.name, name);
      assert.equal((await bytesOf(dump)).toString(), `bytes of ${i}`, `dump ${JSON.stringify(name)}`);
    }
  });

  test('each of them alone, too, and a crash beside it is not touched', needs, async ({ store, reader }) => {
    const beside = rawCrash();
    await store.saveReport(report(beside, textDump('core', 'beside')));
    for (const name of ODD_NAMES) {
      const raw = rawCrash();
      await store.saveReport(report(raw, textDump(name, 'mine')));
      assert.deepEqual(
        (await reader.listDumps(raw.id)).map((d) => d.name),
        [name],
      );
      assert.equal((await bytesOf(await reader.readDump(raw.id, name))).toString(), 'mine');
    }
    assert.deepEqual(await reader.readRaw(beside.id), beside);
    assert.equal((await bytesOf(await reader.readDump(beside.id, 'core'))).toString(), 'beside');
  });

  test(
    'two dumps of one name are refused: one of them could not be read',
    needs,
    async ({ store, reader }) => {
      const raw = rawCrash();
      await store
        .saveReport(report(raw, textDump('core', 'a'), textDump('core', 'b')))
        .catch(() => undefined);
      await assert.rejects(reader.readRaw(raw.id), { code: 'not_found' });
    },
  );
}
