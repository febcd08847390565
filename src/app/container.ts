/**
 * The wiring, in one place: what each service is made of. Everything is opened when it is first asked for and closed
 * in reverse order. inversify closes in the order of binding, so the closers are ours.
 */
import 'reflect-metadata';
import { Container, type ServiceIdentifier } from 'inversify';
import { createLog, type Log } from '../lib/log.ts';
import type { App, Opening } from './app.ts';
import type { Configuration } from './config/configuration.ts';
import { eraser } from './erase.ts';

type ServiceMap = { readonly [K in keyof App]: App[K] extends () => Promise<infer T> ? T : never };
type ServiceName =
  | 'stores'
  | 'queue'
  | 'database'
  | 'reporter'
  | 'alerts'
  | 'spool'
  | 'outcomes'
  | 'signatures'
  | 'listVersions'
  | 'stackwalker'
  | 'collector'
  | 'processor'
  | 'crontabber'
  | 'web';
type Opener<N extends ServiceName> = (opening: Opening) => Promise<ServiceMap[N]>;

/** Modules are imported when their service is opened: `auxilio queue depth` loads no collector. */
const OPENERS: { readonly [N in ServiceName]: () => Promise<{ readonly open: Opener<N> }> } = {
  stores: () => import('./services/stores.ts'),
  queue: () => import('./services/queue.ts'),
  database: () => import('./services/database.ts'),
  reporter: () => import('./services/reporter.ts'),
  alerts: () => import('./services/alerts.ts'),
  spool: () => import('./services/spool.ts'),
  outcomes: () => import('./services/outcomes.ts'),
  signatures: () => import('./services/signatures.ts'),
  listVersions: () => import('./services/list-versions.ts'),
  stackwalker: () => import('./services/stackwalker.ts'),
  collector: () => import('./services/collector.ts'),
  processor: () => import('./services/processor.ts'),
  crontabber: () => import('./services/crontabber.ts'),
  web: () => import('./services/web.ts'),
};

interface Closer {
  readonly name: string;
  close(): Promise<void>;
}

async function closeAll(closers: Closer[], log: Log): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    try {
      await closer.close();
    } catch (error) {
      log.error({ err: error, closing: closer.name }, 'could not be closed');
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} things could not be closed`);
}

function bind<N extends ServiceName>(
  container: Container,
  name: N,
  opening: Opening,
): () => Promise<ServiceMap[N]> {
  const identifier: ServiceIdentifier<ServiceMap[N]> = Symbol.for(`auxilio.${name}`);
  container
    .bind<ServiceMap[N]>(identifier)
    .toDynamicValue(async () => (await OPENERS[name]()).open(opening))
    .inTransientScope();
  // Once, but not once and for all: a singleton scope would keep a failure for ever, and an engine comes back.
  let opened: Promise<ServiceMap[N]> | undefined;
  return () => {
    opened ??= container.getAsync<ServiceMap[N]>(identifier).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** Opens nothing yet. The caller closes it. `quit` aborts when the process is to end: nothing waits for engines then. */
export function openApp(configuration: Configuration, quit?: AbortSignal): App {
  const log = createLog(configuration.settings.app.log_level);
  const container = new Container();
  const closers: Closer[] = [];
  const opening: Opening = {
    configuration,
    log,
    quit,
    get app() {
      return app;
    },
    onClose: (name, close) => void closers.push({ name, close }),
  };
  const app: App = {
    configuration,
    log,
    addresses: { collector: undefined },
    stores: bind(container, 'stores', opening),
    queue: bind(container, 'queue', opening),
    database: bind(container, 'database', opening),
    reporter: bind(container, 'reporter', opening),
    alerts: bind(container, 'alerts', opening),
    spool: bind(container, 'spool', opening),
    outcomes: bind(container, 'outcomes', opening),
    signatures: bind(container, 'signatures', opening),
    listVersions: bind(container, 'listVersions', opening),
    stackwalker: bind(container, 'stackwalker', opening),
    collector: bind(container, 'collector', opening),
    processor: bind(container, 'processor', opening),
    crontabber: bind(container, 'crontabber', opening),
    web: bind(container, 'web', opening),
    removeEverywhere: (id, options) => eraser(app).remove(id, options),
    close: () => closeAll(closers, log),
  };
  return app;
}
