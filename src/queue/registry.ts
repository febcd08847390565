/** The queues by name. A backend is imported only when it is configured. */
import { LoadError, loadModule } from '../lib/load-folder.ts';
import { nearest, SettingsError } from '../lib/settings.ts';
import type { QueueBackend } from './definition.ts';

/** One line per backend. */
export const QUEUES: ReadonlyMap<string, () => Promise<{ readonly default: QueueBackend }>> = new Map([
  ['fs', () => import('./fs/index.ts')],
  ['memory', () => import('./memory/index.ts')],
  ['postgres', () => import('./postgres/index.ts')],
  ['rabbitmq', () => import('./rabbitmq/index.ts')],
]);

/**
 * A queue of ours by name, or one from outside by path (relative to `base`) or package name: a default export made
 * with `defineQueue`. Rejects with `SettingsError` for an unknown name, `LoadError` for a module that cannot be loaded.
 */
export async function loadQueueBackend(use: string, base: string): Promise<QueueBackend> {
  const builtIn = QUEUES.get(use);
  if (builtIn) return (await builtIn()).default;
  try {
    const backend = await loadModule<QueueBackend>(use, base);
    if (typeof backend.open === 'function' && typeof backend.schema === 'object') return backend;
  } catch (cause) {
    if (!isMissingPackage(cause)) throw cause;
    const near = nearest(use, QUEUES.keys());
    throw new SettingsError(
      `${use} is not a queue (${[...QUEUES.keys()].join(', ')}), nor a path or an installed package${near ? `; did you mean ${near}?` : ''}`,
      { cause },
    );
  }
  throw new SettingsError(`the default export of ${use} was not made with defineQueue`);
}

const isMissingPackage = (error: unknown): boolean =>
  error instanceof LoadError &&
  (error.cause as NodeJS.ErrnoException | undefined)?.code === 'MODULE_NOT_FOUND';
