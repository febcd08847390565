#!/usr/bin/env node
import { nodeIsRecent } from './node-version.ts';

if (nodeIsRecent()) {
  const { main } = await import('../main.ts');
  await main('crontabber', process.argv.slice(2));
}
