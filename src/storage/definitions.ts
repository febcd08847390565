/** The stores that the configuration names: flat, by name, each with its own settings. */
import { nearest, SettingsError } from '../lib/settings.ts';
import { CONTAINERS } from './container-names.ts';
import type { Backend } from './definition.ts';
import {
  type Expression,
  formatExpression,
  parseExpression,
  parseExpressionList,
  STORE_NAME,
  withCaret,
} from './expression.ts';
import { type LayerPlan, planLayers, splitOptions } from './layers/wrap.ts';
import { loadBackend } from './registry.ts';

export interface StoreDefinition {
  /** A registered name, a module's path or a package. */
  readonly use: string;
  /** Text by key, layer settings included; `use` is not among them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the operator wrote a key as: `root` is `STORE_BUCKET_ROOT`. */
  label(key: string): string;
}

export type StoreDefinitions = ReadonlyMap<string, StoreDefinition>;

/** An expression, or a part of one, with what it stands in: for messages that show the place. */
export interface Written {
  readonly expression: Expression;
  /** What the operator wrote it in, e.g. `COLLECTOR_STORAGE`. */
  readonly label: string;
  /** The whole text. */
  readonly text: string;
}

/** A store as it is going to be opened. */
export interface StorePlan {
  readonly backend: Backend;
  /** The backend's own options. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly layers: LayerPlan;
  /** Children by the settings that name them, in order. */
  readonly children: readonly Written[];
  label(key: string): string;
}

/** Throws `SettingsError` for a name that cannot stand in an expression. */
export function checkNames(definitions: StoreDefinitions): void {
  for (const [name, { label }] of definitions) {
    if (!STORE_NAME.test(name))
      throw new SettingsError(
        `${label('use')}: ${name} is no name for a store; use the letters a-z and digits`,
      );
    if (CONTAINERS.some((container) => container === name))
      throw new SettingsError(`${label('use')}: ${name} is a container; give the store another name`);
  }
}

const parserOptions = (label: string) => ({ label, containers: CONTAINERS });

export const parseStore = (text: string, label: string): Expression =>
  parseExpression(text, parserOptions(label));

export const parseWritten = (text: string, label: string): Written => ({
  expression: parseStore(text, label),
  label,
  text,
});

/** With the place under a caret, unless what is wrong is all that is written. */
function refuse({ expression, label, text }: Written, what: string): never {
  const message = `${label}: ${what}`;
  throw new SettingsError(
    formatExpression(expression) === text.trim() ? message : withCaret(message, text, expression.at),
  );
}

export interface PlanOptions {
  readonly definitions: StoreDefinitions;
  readonly baseDir: string;
}

/** Looks up what an expression means; throws `SettingsError`. */
export async function planStore(written: Written, options: PlanOptions): Promise<StorePlan> {
  const { expression } = written;
  return expression.kind === 'store'
    ? planNamed(expression.name, options, written)
    : planContainer(expression, options.baseDir, written);
}

async function planNamed(name: string, options: PlanOptions, written: Written): Promise<StorePlan> {
  const { definitions, baseDir } = options;
  const definition = definitions.get(name);
  if (!definition) {
    const near = nearest(name, definitions.keys());
    const known = [...definitions.keys()].join(', ') || 'none';
    const advice = near ? `did you mean ${near}?` : `the stores are: ${known}`;
    return refuse(written, `there is no store ${name}; ${advice}`);
  }
  const label = (key: string): string => definition.label(key);
  const backend = await loadBackend(definition.use, baseDir, label('use'));
  const { own, layer } = splitOptions(definition.options);
  const clash = Object.keys(backend.schema).find((key) => key in splitOptions({ [key]: '' }).layer);
  if (clash)
    throw new SettingsError(`${label('use')}: ${backend.use} has a setting ${clash}, which layers reserve`);
  return {
    backend,
    options: own,
    layers: planLayers(layer, label),
    children: childExpressions(backend, own, label),
    label,
  };
}

/** `poly(a, b)` is the container with nothing set but its children. */
async function planContainer(
  expression: Expression & { readonly kind: 'container' },
  baseDir: string,
  written: Written,
): Promise<StorePlan> {
  const name = formatExpression(expression);
  const backend = await loadBackend(expression.use, baseDir, name);
  const keys = backend.childKeys ?? [];
  const given = expression.children.map(formatExpression);
  if (backend.variadic ? given.length < keys.length : given.length !== keys.length) {
    const wanted = backend.variadic ? `${keys.length} or more` : `${keys.length} (${keys.join(', ')})`;
    refuse(written, `${expression.use} takes ${wanted} stores`);
  }
  const last = keys.length - 1;
  const options = Object.fromEntries(
    keys.map((key, i) => [key, i === last ? given.slice(i).join(', ') : given[i]]),
  );
  const label = (key: string): string => `${name}: ${key}`;
  const children = expression.children.map((child) => ({ ...written, expression: child }));
  return { backend, options, layers: planLayers({}, label), children, label };
}

function childExpressions(
  backend: Backend,
  options: Readonly<Record<string, unknown>>,
  label: (key: string) => string,
): readonly Written[] {
  const keys = backend.childKeys ?? [];
  return keys.flatMap((key, i) => {
    const text = options[key];
    if (typeof text !== 'string' || text.trim() === '') return [];
    const parser = parserOptions(label(key));
    const parsed =
      backend.variadic && i === keys.length - 1
        ? parseExpressionList(text, parser)
        : [parseExpression(text, parser)];
    return parsed.map((expression) => ({ expression, label: label(key), text }));
  });
}
