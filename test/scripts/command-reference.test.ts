import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { COMMAND_REFERENCE, commandReference } from '../../scripts/command-reference.ts';

it('docs/reference/commands.md is what the commands say: node scripts/command-reference.ts', async () => {
  expect(await readFile(COMMAND_REFERENCE, 'utf8')).toBe(await commandReference());
});
