/** Opens the program for one command. The container is imported only then: `--help` and mistakes are answered at once. */
import type { App } from './app.ts';
import type { CommandContext } from './command.ts';

/** Runs a command's work with an app and closes it, whatever happens. */
export async function withApp<T>(context: CommandContext, work: (app: App) => Promise<T>): Promise<T> {
  const configuration = await context.configuration();
  const { openApp } = await import('./container.ts');
  const app = openApp(configuration, context.signal);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
