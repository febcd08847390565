/** The compositions that the documentation shows are ones that the program takes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { loadConfiguration } from '../../src/app/config/configuration.ts';
import { verifyUses } from '../../src/app/config/store-uses.ts';
import { wiringText } from '../../src/app/config/wiring-text.ts';
import { repository } from '../build/running-auxilio.ts';

it.each(['README.md', 'docs/guides/storage.md'])('%s', async (page) => {
  const text = await readFile(join(repository, page), 'utf8');
  const [, block] = /```ini\n([\s\S]*?)```/.exec(text) ?? [];
  expect(block).toContain('COLLECTOR_STORAGE=');
  const configuration = await loadConfiguration({
    commandLine: new Map(),
    files: [],
    environment: parseEnv(block ?? '') as Record<string, string>,
    cwd: repository,
  });
  await verifyUses(configuration);
  expect(await wiringText(configuration)).toContain('COLLECTOR_STORAGE');
});

it.each(['embedded', 'socorro', 'cassandra', 'postgres'])('config/%s.env', async (preset) => {
  const configuration = await loadConfiguration({
    commandLine: new Map(),
    files: [`config/${preset}.env`],
    environment: {},
    cwd: repository,
  });
  await verifyUses(configuration);
});
