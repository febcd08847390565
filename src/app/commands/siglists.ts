import { defineCommand } from '../command.ts';
import apply from './siglists/apply.ts';
import lint from './siglists/lint.ts';
import preview from './siglists/preview.ts';

export default defineCommand({
  name: 'siglists',
  summary: 'Look after the lists that steer signatures',
  subcommands: [lint, preview, apply],
});
