import { defineCommand } from '../command.ts';
import { runServices } from '../run-services.ts';

export default defineCommand({
  name: 'up',
  summary: 'Start collector, processor, crontabber and web in one process',
  sections: [
    'app',
    'collector',
    'spool',
    'processor',
    'signature',
    'symbols',
    'web',
    'crontabber',
    'database',
    'notify',
  ],
  examples: [
    'auxilio up',
    'auxilio up --web-port 9000 --data-dir /var/lib/auxilio',
    'auxilio up --config /etc/auxilio/base.env /etc/auxilio/site.env',
  ],
  run: (context) => runServices(context, ['collector', 'processor', 'crontabber', 'web']),
});
