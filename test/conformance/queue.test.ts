/**
 * Every registered queue goes through the conformance suite. Each brings a file `queue-harnesses/<use>.ts` whose
 * default export is its harness; one without such a file fails.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { QueueHarness } from '../../src/queue/conformance/harness.ts';
import { queueSuite } from '../../src/queue/conformance/suite.ts';
import { QUEUES } from '../../src/queue/registry.ts';
import { about } from './tested-backend.ts';

for (const use of QUEUES.keys()) {
  const file = join(import.meta.dirname, 'queue-harnesses', `${use}.ts`);
  const hasHarness = existsSync(file);
  it(`${use} has a harness of its own`, async () => {
    expect(hasHarness, `write ${file}`).toBe(true);
  });
  if (!hasHarness) continue;
  const { default: harness } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    default: QueueHarness;
  };
  it(`${use} is what its harness says`, () => expect(harness.use).toBe(use));
  it(`${use} is in docs/reference/backends.md`, ({ task }) => {
    task.meta.backend = { kind: 'queue', title: use, has: [], ...about(harness) };
  });
  queueSuite({ describe, it }, harness);
}
