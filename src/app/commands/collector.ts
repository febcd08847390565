import { defineCommand } from '../command.ts';
import { runServices } from '../run-services.ts';

export default defineCommand({
  name: 'collector',
  summary: 'Start the collector alone: takes uploads, stores and queues them',
  sections: ['app', 'collector', 'spool', 'database', 'notify'],
  examples: ['auxilio collector --collector-host 0.0.0.0'],
  run: (context) => runServices(context, ['collector']),
});
