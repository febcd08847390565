/** Stores by the name that `STORE_X_USE` gives. An engine is imported when it is configured, and not before. */
import { loadModule } from '../lib/load-folder.ts';
import { nearest, SettingsError } from '../lib/settings.ts';
import type { CONTAINERS } from './container-names.ts';
import type { Backend } from './definition.ts';

type Load = () => Promise<{ readonly default: Backend }>;

const LEAVES: Readonly<Record<string, Load>> = {
  cassandra: () => import('./cassandra/index.ts'),
  elasticsearch: () => import('./elasticsearch/index.ts'),
  fs: () => import('./fs/index.ts'),
  http: () => import('./http/index.ts'),
  memory: () => import('./memory/index.ts'),
  null: () => import('./null/index.ts'),
  postgres: () => import('./postgres/index.ts'),
  s3: () => import('./s3/index.ts'),
  sqlite: () => import('./sqlite/index.ts'),
  telemetry: () => import('./telemetry/index.ts'),
};

const CONTAINER_FOLDERS: Readonly<Record<(typeof CONTAINERS)[number], Load>> = {
  fallback: () => import('./containers/fallback/index.ts'),
  poly: () => import('./containers/poly/index.ts'),
  primary_deferred: () => import('./containers/primary-deferred/index.ts'),
  primary_deferred_processed: () => import('./containers/primary-deferred-processed/index.ts'),
};

const REGISTRY: ReadonlyMap<string, Load> = new Map(Object.entries({ ...LEAVES, ...CONTAINER_FOLDERS }));

export const registeredStores: readonly string[] = [...REGISTRY.keys()].sort();

/**
 * A registered backend; or one from outside, by the path of a module (`./my-store.ts`, relative to `baseDir`) or
 * the name of an installed package whose default export is made with `defineBackend` and named as the module.
 * Throws `SettingsError`; `label` is what the operator wrote, e.g. `STORE_BUCKET_USE`.
 */
export async function loadBackend(use: string, baseDir: string, label: string): Promise<Backend> {
  const load = REGISTRY.get(use);
  if (load) return (await load()).default;
  if (/^[a-z0-9_]+$/.test(use)) {
    const near = nearest(use, registeredStores);
    if (near) throw new SettingsError(`${label}: there is no store ${use}; did you mean ${near}?`);
  }
  try {
    const backend = await loadModule<Backend>(use, baseDir);
    if (typeof backend.open === 'function' && typeof backend.schema === 'object') return backend;
  } catch (cause) {
    const known = `the stores that come with Auxilio are ${registeredStores.join(', ')}`;
    throw new SettingsError(`${label}: ${cause instanceof Error ? cause.message : String(cause)}; ${known}`, {
      cause,
    });
  }
  throw new SettingsError(`${label}: the default export of ${use} was not made with defineBackend`);
}
