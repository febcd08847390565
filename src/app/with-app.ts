/** Opens the program for one command. The container is imported only then: `--help` and mistakes are answered at once. */
import { setTimeout as delay } from 'node:timers/promises';
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

/** What is well closes within milliseconds; what hangs is not waited for. */
const GRACE_MS = 2_000;

/** The same for work that gives up what hangs while it opens: closing would wait for it, too. */
export async function withHangingApp<T>(context: CommandContext, work: (app: App) => Promise<T>): Promise<T> {
  const { openApp } = await import('./container.ts');
  const app = openApp(await context.configuration(), context.signal);
  try {
    return await work(app);
  } finally {
    const grace = new AbortController();
    const isClosed = await Promise.race([
      app.close().then(() => true),
      delay(GRACE_MS, false, { signal: grace.signal }).catch(() => false),
    ]);
    grace.abort();
    if (!isClosed) context.leaveBehind();
  }
}
