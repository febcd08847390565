/** How a backend, container or layer introduces itself: name, settings schema, and how to open it. */

import { parseSettings, type SettingsSchema } from '../lib/settings.ts';
import type { Capability, Store } from './contract.ts';
import type { OpenContext } from './open-context.ts';
import type { Upkeep, UpkeepOptions } from './upkeep.ts';

export type { OpenContext };

/** Capabilities known before anything is opened; undefined when only opening tells. */
export type KnownCapabilities = ReadonlySet<Capability> | undefined;

export interface Backend {
  /** The same as `use`: what `loadModule` asks of every definition. */
  readonly name: string;
  readonly use: string;
  /** For the reference page and `auxilio config`. */
  readonly schema: SettingsSchema<object>;
  /** A container's child settings, in order; how `poly(a, b)` becomes settings. Absent for a leaf. */
  readonly childKeys?: readonly string[] | undefined;
  /** True when the last of `childKeys` takes any number of stores, as text `a, b, c`. */
  readonly variadic: boolean;
  /** How a container tries its children; `alternatives` is one after the other on failure. */
  readonly tries: 'all' | 'alternatives';
  /** What the opened store will declare; `children` in the order of the settings that name them. */
  capabilities(
    options: Readonly<Record<string, unknown>>,
    children: readonly KnownCapabilities[],
    label?: (key: string) => string,
  ): KnownCapabilities;
  /** Opens nothing. Rejects with `SettingsError`, as `open` would, when the settings are wrong. */
  check(options: Readonly<Record<string, unknown>>, label?: (key: string) => string): Promise<void>;
  /** `options` are text by schema key; `label` turns a key into what the operator wrote (`STORE_BUCKET_ROOT`). */
  open(
    options: Readonly<Record<string, unknown>>,
    context: OpenContext,
    label?: (key: string) => string,
  ): Promise<Store>;
  /** Absent when there is nothing to prepare, sweep or empty. */
  readonly upkeep?: Upkeep<Readonly<Record<string, unknown>>> | undefined;
}

export interface BackendDefinition<O extends object> {
  readonly use: string;
  readonly schema: SettingsSchema<O>;
  readonly childKeys?: readonly string[];
  readonly variadic?: boolean;
  readonly tries?: 'all' | 'alternatives';
  /** For `auxilio config`, which shows the wiring without opening it; the conformance suite compares it with the opened store. */
  capabilities?(options: O, children: readonly ReadonlySet<Capability>[]): Iterable<Capability>;
  /**
   * Throws `SettingsError` for what the schema cannot say: settings that do not go together, a condition that is none.
   * Asked before anything opens, by `auxilio config` too. `label` as in `open`.
   */
  check?(options: O, label: (key: string) => string): void | Promise<void>;
  /** `label` turns a key into what the operator wrote, for messages: `STORE_BUCKET_ROOT`. */
  open(options: O, context: OpenContext, label: (key: string) => string): Promise<Store>;
  readonly upkeep?: Upkeep<O>;
}

function parsedUpkeep<O extends object>({
  schema,
  upkeep,
}: BackendDefinition<O>): Upkeep<Readonly<Record<string, unknown>>> | undefined {
  if (!upkeep) return undefined;
  const parse = (options: Readonly<Record<string, unknown>>, { label }: UpkeepOptions): O =>
    parseSettings(schema, options, label);
  const { init, sweep, prepare, wipe } = upkeep;
  return {
    ...(init && { init: async (o, context, how) => init(parse(o, how), context, how) }),
    ...(sweep && { sweep: async (o, context, how) => sweep(parse(o, how), context, how) }),
    ...(prepare && { prepare: async (o, context, how) => prepare(parse(o, how), context, how) }),
    wipe: async (o, context, how) => wipe(parse(o, how), context, how),
  };
}

export function defineBackend<O extends object>(definition: BackendDefinition<O>): Backend {
  const checked = async (
    options: Readonly<Record<string, unknown>>,
    label: (key: string) => string,
  ): Promise<O> => {
    const parsed = parseSettings(definition.schema, options, label);
    await definition.check?.(parsed, label);
    return parsed;
  };
  return {
    name: definition.use,
    use: definition.use,
    schema: definition.schema as unknown as SettingsSchema<object>,
    childKeys: definition.childKeys,
    variadic: definition.variadic ?? false,
    tries: definition.tries ?? 'all',
    capabilities(options, children, label) {
      const known = children.filter((c) => c !== undefined);
      if (!definition.capabilities || known.length < children.length) return undefined;
      return new Set(definition.capabilities(parseSettings(definition.schema, options, label), known));
    },
    async check(options, label = (key) => key) {
      await checked(options, label);
    },
    async open(options, context, label = (key) => key) {
      return definition.open(await checked(options, label), context, label);
    },
    upkeep: parsedUpkeep(definition),
  };
}
