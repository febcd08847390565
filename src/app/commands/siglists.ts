import { defineCommand } from '../command.ts';

export default defineCommand({
  name: 'siglists',
  summary: 'Look after the lists that steer signatures',
  subcommands: [],
});
