/** Layers by name, and the settings that any store takes for them: `STORE_BUCKET_LAYERS=metrics,executor`. */
import type { Log } from '../../lib/log.ts';
import { nearest, parseSettings, SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import type { Store } from '../contract.ts';
import { EXECUTORS, type ExecutorKind, waitingMs, withExecutor } from './executor.ts';
import { withMetrics } from './metrics.ts';
import { withOptional } from './optional.ts';
import { FORBIDDEN_KEYS, withRedactor } from './redactor.ts';

export interface LayerSettings {
  readonly layers: readonly string[];
  readonly executor: ExecutorKind;
  readonly executor_delays: readonly string[];
  readonly executor_log_every: number;
  readonly forbidden_keys: readonly string[];
  readonly optional_timeout: number;
}

/** Reserved: no store has settings of these names. */
export const layersSchema: SettingsSchema<LayerSettings> = {
  layers: {
    doc: 'What the store is wrapped in, outermost first: executor, metrics, optional, redactor.',
    format: 'list',
    default: [],
  },
  executor: {
    doc: 'Layer executor: how often a call that failed for a passing reason is made again.',
    format: [...EXECUTORS],
    default: 'limited',
  },
  executor_delays: {
    doc: 'Layer executor: the waits between attempts; `infinite` goes on with the last one.',
    format: 'list',
    default: ['10s', '30s', '60s', '120s', '300s'],
  },
  executor_log_every: {
    doc: 'Layer executor: a line in the log at least this often while waiting, 1s to 10s.',
    format: 'duration',
    default: 10_000,
  },
  forbidden_keys: {
    doc: 'Layer redactor: dotted paths dropped from a processed crash before it is saved; `protected` stands for every protected field, those of the raw crash that an index gets among them.',
    format: 'list',
    default: [...FORBIDDEN_KEYS],
  },
  optional_timeout: {
    doc: 'Layer optional: a write that takes longer is given up.',
    format: 'duration',
    default: 30_000,
  },
};

export const LAYERS = ['executor', 'metrics', 'optional', 'redactor'] as const;
export type LayerName = (typeof LAYERS)[number];

/** Settings that mean nothing without their layer. */
const OWNER: Readonly<Record<string, LayerName>> = {
  executor: 'executor',
  executor_delays: 'executor',
  executor_log_every: 'executor',
  forbidden_keys: 'redactor',
  optional_timeout: 'optional',
};

type Options = Readonly<Record<string, unknown>>;

export interface LayerPlan {
  /** Outermost first. */
  readonly layers: readonly LayerName[];
  readonly settings: LayerSettings;
  readonly delaysMs: readonly number[];
  /** What the executor may add to one call, in milliseconds; `Infinity` for `infinite`. */
  readonly waitingMs: number;
  /** How often the executor may make one call. */
  readonly attempts: number;
}

/** Splits a store's options into its own and those of its layers. */
export function splitOptions(options: Options): { readonly own: Options; readonly layer: Options } {
  const entries = Object.entries(options);
  return {
    own: Object.fromEntries(entries.filter(([key]) => !(key in layersSchema))),
    layer: Object.fromEntries(entries.filter(([key]) => key in layersSchema)),
  };
}

const isLayer = (name: string): name is LayerName => LAYERS.some((layer) => layer === name);

/** Checks the layer settings; throws `SettingsError`, also for a setting whose layer is not there. */
export function planLayers(options: Options, label: (key: string) => string): LayerPlan {
  const settings = parseSettings(layersSchema, options, label);
  const layers = settings.layers.map((name) => {
    if (isLayer(name)) return name;
    const near = nearest(name, LAYERS) ?? LAYERS.join(', ');
    throw new SettingsError(`${label('layers')}: there is no layer ${name}; did you mean ${near}?`);
  });
  if (new Set(layers).size !== layers.length)
    throw new SettingsError(`${label('layers')} names a layer twice`);
  for (const key of Object.keys(options)) {
    const owner = OWNER[key];
    if (owner && !layers.includes(owner))
      throw new SettingsError(`${label(key)} is set, but ${label('layers')} does not name ${owner}`);
  }
  if (settings.executor_log_every < 1000 || settings.executor_log_every > 10_000)
    throw new SettingsError(`${label('executor_log_every')} is 1s to 10s`);
  const delaysMs = settings.executor_delays.map((text) => durationMs(text, label('executor_delays')));
  const waiting = layers.includes('executor') ? waitingMs(settings.executor, delaysMs) : 0;
  if (layers.includes('executor') && settings.executor === 'infinite' && !((delaysMs.at(-1) ?? 0) > 0))
    throw new SettingsError(`${label('executor_delays')}: the last delay of an infinite executor is not 0`);
  const attempts = waiting === 0 ? 1 : delaysMs.length + 1;
  return { layers, settings, delaysMs, waitingMs: waiting, attempts };
}

function durationMs(text: string, label: string): number {
  const schema = { delay: { doc: label, format: 'duration', default: 0 } } as const;
  return parseSettings<{ delay: number }>(
    schema as SettingsSchema<{ delay: number }>,
    { delay: text },
    () => label,
  ).delay;
}

/** What layers share with the process that they are in. */
export interface LayerProcess {
  readonly log: Log;
  /** Aborted when the process is to end. */
  readonly quit?: AbortSignal | undefined;
}

/** The wrapped stores from the innermost layer to the outermost; each belongs to the caller. */
export function wrapInLayers(store: Store, plan: LayerPlan, process: LayerProcess): readonly Store[] {
  const wrapped: Store[] = [];
  for (const layer of plan.layers.toReversed())
    wrapped.push(wrapOne(wrapped.at(-1) ?? store, layer, plan, process));
  return wrapped;
}

function wrapOne(
  inner: Store,
  layer: LayerName,
  { settings, delaysMs }: LayerPlan,
  { log, quit }: LayerProcess,
): Store {
  switch (layer) {
    case 'executor':
      return withExecutor(inner, {
        kind: settings.executor,
        delaysMs,
        logEveryMs: settings.executor_log_every,
        log,
        quit,
      });
    case 'metrics':
      return withMetrics(inner);
    case 'optional':
      return withOptional(inner, { timeoutMs: settings.optional_timeout, log });
    case 'redactor':
      return withRedactor(inner, { forbiddenKeys: settings.forbidden_keys });
  }
}
