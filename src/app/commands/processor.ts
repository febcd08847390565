import { defineCommand } from '../command.ts';
import { runServices } from '../run-services.ts';

export default defineCommand({
  name: 'processor',
  summary: 'Start the processor alone: takes tasks from the queue, walks stacks, makes signatures',
  sections: ['app', 'processor', 'signature', 'symbols', 'notify'],
  examples: ['auxilio processor --processor-concurrency 8 --symbol-paths /srv/symbols'],
  run: (context) => runServices(context, ['processor']),
});
