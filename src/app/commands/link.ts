import { systemClock } from '../../lib/clock.ts';
import { createOneTimeLink } from '../../web/access/one-time-link.ts';
import { defineCommand } from '../command.ts';

export default defineCommand({
  name: 'link',
  summary: 'Make a one-time link that shows protected fields and dumps on the web site',
  sections: ['web'],
  examples: ['auxilio link', 'auxilio link --web-base-url https://crashes.example.com'],
  async run(context) {
    const { dataDir, settings } = await context.configuration();
    const base = settings.web.base_url || `http://${settings.web.host}:${settings.web.port}`;
    context.print(
      await createOneTimeLink(dataDir, base.replace(/\/$/, ''), systemClock, settings.web.link_lifetime),
    );
    return 0;
  },
});
