import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { checkAll } from '../check.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { configReference } from '../config/reference.ts';
import { verifyUses } from '../config/store-uses.ts';
import { wiringText } from '../config/wiring-text.ts';
import { packageRoot } from '../package-root.ts';
import { withHangingApp } from '../with-app.ts';

/** An engine that hangs is given up, so that the rest is told and the command ends. */
async function check(context: CommandContext, app: App): Promise<number> {
  context.print('\nHealth\n');
  const stopped = (): void => context.leaveBehind();
  context.signal.addEventListener('abort', stopped, { once: true });
  const states = await checkAll(app, { signal: context.signal });
  for (const { name, text } of states) context.print(`${name}: ${text}`);
  if (states.some(({ isLate }) => isLate)) context.leaveBehind();
  return states.every(({ isWell }) => isWell) ? 0 : 1;
}

export default defineCommand({
  name: 'config',
  summary: 'Print the wiring and every setting with where it came from; secrets are masked',
  options: [
    {
      flags: '--check',
      doc: 'also ask every store, the queue, the database, the signature lists, the throttle rules and the jobs, and report their health; makes nothing on a server; exit code 1 when one is not usable',
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
    const { reference } = context.options;
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
    if (!context.options['check']) return 0;
    return withHangingApp(context, (app) => check(context, app));
  },
});
