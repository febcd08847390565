import { defineCommand } from '../command.ts';
import { runServices } from '../run-services.ts';
import { withApp } from '../with-app.ts';

export default defineCommand({
  name: 'crontabber',
  summary: 'Run the cron jobs: those of CRONTABBER_MODULES, each once for the last period that is over',
  options: [{ flags: '--loop', doc: 'keep running; without it, run what is due and end' }],
  sections: ['app', 'crontabber', 'database', 'notify'],
  examples: ['crontabber', 'crontabber --loop --crontabber-modules ./jobs/nightly.ts'],
  async run(context) {
    if (context.options['loop']) return runServices(context, ['crontabber']);
    return withApp(context, async (app) => {
      const ran = await (await app.crontabber()).runDue({ signal: context.signal });
      context.print(ran.length === 0 ? 'nothing was due' : `ran ${ran.join(', ')}`);
      return 0;
    });
  },
});
