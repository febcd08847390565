/** Runs services until the process is told to stop, then lets them finish what they have in hand. */
import { sleep } from '../lib/abort.ts';
import { systemClock } from '../lib/clock.ts';
import { createOneTimeLink } from '../web/access/one-time-link.ts';
import type { App } from './app.ts';
import { collectorUrl } from './collector-url.ts';
import { type CommandContext, CommandError } from './command.ts';
import { crontabberHealth } from './crontabber-health.ts';
import { makeDataFolder } from './data-folder.ts';
import { isOutage } from './outage.ts';
import { StartLines } from './start-lines.ts';
import { reportUnhandled, type UnhandledErrors } from './unhandled-errors.ts';

export type ServiceKind = 'collector' | 'processor' | 'crontabber' | 'web';

/** A service that runs: ends by itself only when it fails. */
interface Running {
  readonly done: Promise<void>;
  /** What it does first is over. */
  readonly quiet?: Promise<void>;
}

/** Resolves when the service has started. */
type Start = (app: App, lines: StartLines, signal: AbortSignal) => Promise<Running>;

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Says what to do when the port is taken. */
async function listening<T>(name: 'collector' | 'web', app: App, started: Promise<T>): Promise<T> {
  try {
    return await started;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const { host, port } = app.configuration.settings[name];
    const key = `${name.toUpperCase()}_PORT`;
    throw new CommandError(`port ${port} of ${host} is taken; ${key} chooses another`, { cause });
  }
}

const STARTS: Readonly<Record<ServiceKind, Start>> = {
  async collector(app, lines, signal) {
    const address = await listening('collector', app, (await app.collector()).listen());
    app.addresses.collector = collectorUrl(address, app.configuration.settings.collector);
    lines.say(`collector  ${app.addresses.collector}`);
    return { done: untilAborted(signal) };
  },
  async processor(app, lines, signal) {
    const processor = await app.processor();
    lines.say(`processor  ${app.configuration.settings.processor.concurrency} at once`);
    return { done: processor.run({ signal }) };
  },
  async crontabber(app, lines, signal) {
    const crontabber = await app.crontabber();
    const health = await crontabberHealth(app, crontabber);
    lines.say(`crontabber ${crontabber.jobs.length} jobs${health ? `; health at ${health.address}` : ''}`);
    const done = crontabber.run({ signal }).finally(() => health?.close());
    return { done, quiet: crontabber.quiet };
  },
  async web(app, lines, signal) {
    const base = await listening('web', app, (await app.web()).listen());
    lines.say(`web        ${base}/`);
    const link = await createOneTimeLink(
      app.configuration.dataDir,
      base,
      systemClock,
      app.configuration.settings.web.link_lifetime,
    );
    lines.say(`open once  ${link}  (shows protected data)`);
    return { done: untilAborted(signal) };
  },
};

const RETRY_MS = 5_000;
/** So long the addresses wait for the jobs that are due at the start; on a new data folder all of them are. */
const FIRST_JOBS_MS = 3_000;

/**
 * Beside a collector, which takes uploads whatever else is down, a service whose engines are down waits for them
 * instead of taking the collector along.
 */
async function startPatiently(
  name: ServiceKind,
  start: () => ReturnType<Start>,
  app: App,
  signal: AbortSignal,
): ReturnType<Start> {
  try {
    return await start();
  } catch (error) {
    if (!isOutage(error) || app.addresses.collector === undefined) throw error;
    app.log.error({ err: error, service: name }, 'cannot start yet; tried again every 5 s');
    return { done: retryStart(start, signal) };
  }
}

async function retryStart(start: () => ReturnType<Start>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(RETRY_MS, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      return await (await start()).done;
    } catch (error) {
      if (!isOutage(error)) throw error;
    }
  }
}

/** Resolves with 0 after a stop, rejects when a service fails or an error is caught by nobody. */
export async function runServices(context: CommandContext, kinds: readonly ServiceKind[]): Promise<number> {
  const configuration = await context.configuration();
  for (const note of configuration.gathered.notes) context.warn(note);
  const { openApp } = await import('./container.ts');
  await makeDataFolder(configuration);
  const app = openApp(configuration, context.signal);
  const failed = new AbortController();
  let unhandled: UnhandledErrors | undefined;
  try {
    unhandled = reportUnhandled(await app.reporter(), kinds.join('+'), (error) => failed.abort(error));
    await runUntilStopped(app, context, kinds, failed);
  } finally {
    await app.close().finally(() => unhandled?.close());
  }
  return 0;
}

/** Never rejects, and no longer than FIRST_JOBS_MS. */
async function untilQuiet(running: readonly Running[]): Promise<void> {
  const over = new AbortController();
  const limit = sleep(FIRST_JOBS_MS, { signal: over.signal });
  const quiet = Promise.all(running.map((one) => one.quiet));
  const ended = running.map(({ done }) => done);
  await Promise.race([limit, quiet, ...ended]).catch(() => undefined);
  over.abort();
}

async function runUntilStopped(
  app: App,
  context: CommandContext,
  kinds: readonly ServiceKind[],
  failed: AbortController,
): Promise<void> {
  const signal = AbortSignal.any([context.signal, failed.signal]);
  context.signal.addEventListener('abort', () => context.print('stopping; once more stops at once'), {
    once: true,
  });
  const lines = new StartLines(context.print);
  const running: Running[] = [];
  try {
    for (const name of kinds) {
      const start = (): ReturnType<Start> => STARTS[name](app, lines, signal);
      running.push(await startPatiently(name, start, app, signal));
    }
    lines.say(`data in    ${app.configuration.dataDir}`);
    lines.say('Ctrl-C stops.');
    await untilQuiet(running);
    if (!signal.aborted) lines.print();
    await Promise.all(running.map(({ done }) => done));
    failed.signal.throwIfAborted();
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(running.map(({ done }) => done));
    throw failed.signal.reason;
  }
}
