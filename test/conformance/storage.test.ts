/**
 * Every registered store, container and layer goes through the conformance suite. Each brings a file
 * `storage-harnesses/<use>.ts` whose default export is a list of harnesses; one without such a file fails.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { StorageHarness } from '../../src/storage/conformance/harness.ts';
import { storageSuite, titleOf } from '../../src/storage/conformance/suite.ts';
import { CAPABILITIES } from '../../src/storage/contract.ts';
import { LAYERS } from '../../src/storage/layers/wrap.ts';
import { registeredStores } from '../../src/storage/registry.ts';
import { about } from './tested-backend.ts';

const ONLY = process.env['STORAGE_SUITE_ONLY'];
const folder = join(import.meta.dirname, 'storage-harnesses');
const fileOf = (use: string): string => join(folder, `${use.replaceAll('_', '-')}.ts`);
const uses = [...registeredStores, ...LAYERS].filter(
  (use) => ONLY === undefined || ONLY.split(',').includes(use),
);

async function harnessesOf(use: string): Promise<readonly StorageHarness[]> {
  if (!existsSync(fileOf(use))) return [];
  const loaded = (await import(/* @vite-ignore */ pathToFileURL(fileOf(use)).href)) as {
    default: readonly StorageHarness[];
  };
  return loaded.default;
}

for (const use of uses) {
  const harnesses = await harnessesOf(use);
  describe(use, () => {
    it('has a harness', () => expect(harnesses.length, `write ${fileOf(use)}`).toBeGreaterThan(0));
    it('has harnesses for itself alone', () =>
      expect(new Set(harnesses.map((h) => h.use))).toEqual(new Set([use])));
  });
  for (const harness of harnesses) {
    it(`${titleOf(harness)} is in docs/reference/backends.md`, ({ task }) => {
      const has = CAPABILITIES.filter((capability) => !harness.lacks.includes(capability));
      task.meta.backend = { kind: 'store', title: titleOf(harness), has, ...about(harness) };
    });
    storageSuite({ describe, it }, harness);
  }
}
