import { defineCommand } from '../command.ts';
import { runServices } from '../run-services.ts';

export default defineCommand({
  name: 'web',
  summary: 'Start the web site alone',
  sections: ['app', 'web', 'signature', 'database', 'notify'],
  examples: ['auxilio web --web-host 0.0.0.0 --web-allowed-hosts crashes.example.com'],
  run: (context) => runServices(context, ['web']),
});
