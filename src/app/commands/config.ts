import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineCommand } from '../command.ts';
import { configReference } from '../config/reference.ts';
import { verifyUses } from '../config/store-uses.ts';
import { wiringText } from '../config/wiring-text.ts';
import { listsHealth, storesHealth } from '../health.ts';
import { packageRoot } from '../package-root.ts';
import { withApp } from '../with-app.ts';

export default defineCommand({
  name: 'config',
  summary: 'Print the wiring and every setting with where it came from; secrets are masked',
  options: [
    {
      flags: '--check',
      doc: 'also open every store, the queue and the signature lists, and report their health; exit code 1 when one is not usable',
    },
    {
      flags: '--reference [file]',
      doc: 'write the reference of all settings (default: docs/reference/config.md)',
    },
  ],
  sections: ['app'],
  examples: [
    'auxilio config',
    'auxilio config --check',
    "auxilio config --collector-storage 'fallback(crashes, spare)'",
  ],
  async run(context) {
    const { reference, check } = context.options;
    if (reference) {
      const file = typeof reference === 'string' ? reference : join(packageRoot, 'docs/reference/config.md');
      await writeFile(file, await configReference());
      context.print(`wrote ${file}`);
      return 0;
    }
    const configuration = await context.configuration();
    context.print(await wiringText(configuration));
    for (const note of configuration.gathered.notes) context.warn(note);
    await verifyUses(configuration);
    if (!check) return 0;
    return withApp(context, async (app) => {
      context.print('\nHealth\n');
      const health = Object.entries({
        ...(await storesHealth(app, { signal: context.signal })),
        'signature lists': await listsHealth(app),
      });
      for (const [name, state] of health) context.print(`${name}: ${state}`);
      return health.every(([, state]) => state === 'ok') ? 0 : 1;
    });
  },
});
